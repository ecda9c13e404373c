import { parseMcpPath } from './mcp-path.js';

describe('parseMcpPath', () => {
  it.each([
    ['/mcp/ops', 'ops', 'streamable_http'],
    ['/mcp/ops/', 'ops', 'streamable_http'],
    ['/mcp/ops/mcp', 'ops', 'streamable_http'],
    ['/mcp/ops/mcp?x=/sse', 'ops', 'streamable_http'],
    ['/mcp/ops/sse', 'ops', 'sse'],
    ['/mcp/ops/sse/messages?session=1', 'ops', 'sse_messages'],
    ['/mcp/ops/ws', 'ops', 'websocket'],
    ['/mcp/server/ops/mcp', 'ops', 'streamable_http'],
    ['/mcp/server/ops/sse', 'ops', 'sse'],
  ])('%s', (url, serverCode, door) => {
    expect(parseMcpPath(url)).toEqual({ serverCode, door });
  });

  it.each(['/mcp', '/mcp/', '/mcp/ops/other', '/mcp/ops/mcp/more', '/mcp//mcp'])(
    'knows nothing at %s',
    (url) => expect(parseMcpPath(url)).toBeNull(),
  );

  it.each(['/', '/mcpx', '/api/mcp/ops', '/mcp-ops/mcp'])('leaves %s to others', (url) => {
    expect(parseMcpPath(url)).toBeUndefined();
  });
});
