/** Where the WebSocket of `messaging/live` is: the MCP endpoint, which answers all other upgrades, leaves it alone. */
export const LIVE_PATH = '/ws';

/** @param url Of a request, with its query. */
export function isLivePath(url: string | undefined): boolean {
  const [path] = (url ?? '').split('?', 1);
  return path === LIVE_PATH;
}
