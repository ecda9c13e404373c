/** Calls a tool as an agent does. @returns The HTTP status. */
export async function callTool(
  url: string,
  serverCode: string,
  key: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<number> {
  const response = await fetch(`${url}/mcp/${serverCode}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  });
  await response.text();
  return response.status;
}
