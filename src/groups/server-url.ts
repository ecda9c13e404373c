/** Where a group's MCP server is reached. */
export type ServerUrls = {
  /** The one to paste. It ends in `/mcp`, so Dify does not try SSE first. */
  readonly url: string;
  readonly shortUrl: string;
  readonly sseUrl: string;
  readonly wsUrl: string;
};

/** @param publicUrl Without a trailing slash; a path in front of ours (a proxy's) stays. */
export function serverUrls(publicUrl: string, serverCode: string): ServerUrls {
  const shortUrl = `${publicUrl}/mcp/${serverCode}`;
  return {
    url: `${shortUrl}/mcp`,
    shortUrl,
    sseUrl: `${shortUrl}/sse`,
    wsUrl: `${shortUrl.replace(/^http/, 'ws')}/ws`,
  };
}
