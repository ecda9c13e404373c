import { readClientFile } from './client-file.js';

const nothing = { command: null, args: [], env: {}, cwd: null, url: null, headers: {}, enabled: true };

describe('readClientFile', () => {
  it('reads what Claude Desktop and Cursor write', () => {
    const config = {
      mcpServers: {
        files: { command: 'npx', args: ['-y', 'server-filesystem', '/tmp'], env: { A: '1' }, disabled: true },
        remote: { url: 'https://x.test/mcp', headers: { Authorization: 'Bearer ${env:TOKEN}' } },
        old: { url: 'https://x.test/sse' },
      },
    };
    expect(readClientFile(config)).toEqual([
      {
        ...nothing,
        name: 'files',
        transport: 'stdio',
        command: 'npx',
        args: ['-y', 'server-filesystem', '/tmp'],
        env: { A: '1' },
        enabled: false,
      },
      {
        ...nothing,
        name: 'remote',
        transport: 'http',
        url: 'https://x.test/mcp',
        headers: { Authorization: 'Bearer ${TOKEN}' },
      },
      { ...nothing, name: 'old', transport: 'sse', url: 'https://x.test/sse' },
    ]);
  });

  it('reads what VS Code writes', () => {
    const servers = {
      gh: { type: 'http', url: 'https://x.test', headers: { X: '${input:github-token}' } },
      w: { type: 'websocket', url: 'wss://x.test' },
    };
    expect(readClientFile({ inputs: [], servers })).toMatchObject([
      { name: 'gh', transport: 'http', headers: { X: '${GITHUB_TOKEN}' } },
      { name: 'w', transport: 'ws' },
    ]);
  });

  it.each([null, [], {}, { mcpServers: [] }, 'x'])('has no servers in %j', (config) => {
    expect(readClientFile(config)).toBeUndefined();
  });
});
