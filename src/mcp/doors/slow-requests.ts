import type { Server } from 'node:http';

/** Longest wait for a whole request of any route; the MCP endpoint has a limit of its own for bodies, which is shorter. */
const REQUEST_LIMIT_MS = 60_000;
const CHECKS_PER_LIMIT = 4;

/**
 * Answers 408 to clients that send their request byte by byte (slow loris) and ends their connections. Node's own limits,
 * 60 s for the head and 300 s for all, would let a few thousand such clients, without any key, hold a few thousand
 * connections for minutes. Idle connections between two requests and answers that take long are not meant.
 *
 * Call it before the server listens.
 *
 * @param headLimitMs How long the head of a request may take; it may be a quarter more until that is noticed.
 */
export function limitSlowRequests(server: Server, headLimitMs: number): void {
  server.headersTimeout = Math.min(headLimitMs, REQUEST_LIMIT_MS);
  server.requestTimeout = REQUEST_LIMIT_MS;
  // An option of `createServer`, which Nest calls for us; read when the server begins to listen.
  Object.assign(server, { connectionsCheckingInterval: Math.ceil(server.headersTimeout / CHECKS_PER_LIMIT) });
}
