import { connectSnippets } from './connect.js';

const url = 'https://tools.example.com/crib/mcp/customer-service/mcp';
const snippets = connectSnippets({ url, key: 'mcp_key_x', name: 'Customer service' });
const textOf = (client: string) => snippets.find((snippet) => snippet.client === client)!.text;

describe('connectSnippets', () => {
  it('carries the URL and the key for every client', () => {
    for (const { text } of snippets) {
      expect(text).toContain(url);
      expect(text).toContain('Bearer mcp_key_x');
    }
  });

  it('fills the fields of the Dify form within its limits', () => {
    expect(textOf('dify').split('\n')).toEqual([
      `Server URL: ${url}`,
      'Name: Customer service',
      'Server Identifier: customer-service',
      'Headers: Authorization = Bearer mcp_key_x',
    ]);
    const long = connectSnippets({
      url: `http://h/mcp/${'a'.repeat(32)}/mcp`,
      key: 'k',
      name: 'n'.repeat(100),
    });
    expect(long[0].text).toContain(`Name: ${'n'.repeat(40)}\nServer Identifier: ${'a'.repeat(24)}\n`);
  });

  it('gives files that parse', () => {
    expect(JSON.parse(textOf('cursor'))).toEqual({
      mcpServers: { 'customer-service': { url, headers: { Authorization: 'Bearer mcp_key_x' } } },
    });
    expect(JSON.parse(textOf('vscode'))).toMatchObject({
      servers: { 'customer-service': { type: 'http', url } },
    });
    expect(JSON.parse(textOf('claude_desktop'))).toMatchObject({
      mcpServers: { 'customer-service': { command: 'npx', env: { AUTHORIZATION: 'Bearer mcp_key_x' } } },
    });
  });

  it('lets Claude Desktop use plain http only when the server does', () => {
    expect(textOf('claude_desktop')).not.toContain('--allow-http');
    const local = connectSnippets({ url: 'http://localhost:8000/mcp/abc/mcp', key: 'k', name: 'n' });
    expect(local.find((snippet) => snippet.client === 'claude_desktop')!.text).toContain('--allow-http');
  });
});
