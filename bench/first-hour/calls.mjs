// Calls of one tool, each with arguments of its own, every answer read and found good.
import { HttpConnection } from '../load/http-connection.mjs';
import { McpClient } from '../load/mcp-client.mjs';

const TIMEOUT_MS = 30_000;
const WARM_UP_CALLS = 15;

/** @param target `{ url, key }`. @returns That many clients of 2026-07-28, on a connection each. */
export function connectTo({ url, key }, count) {
  const at = new URL(url);
  const options = { url: at, headers: [`Authorization: Bearer ${key}`], protocol: '2026-07-28' };
  return Array.from(
    { length: count },
    () => new McpClient(options, new HttpConnection(at.hostname, Number(at.port), TIMEOUT_MS)),
  );
}

export function disconnect(clients) {
  for (const { connection } of clients) connection.close();
}

export async function warmUp(client, one) {
  await callTimes(client, one, WARM_UP_CALLS);
}

/** One after another. @returns Milliseconds of each. */
export async function callTimes(client, one, count) {
  const times = [];
  for (let call = 0; call < count; call += 1) {
    const params = { name: one.tool, arguments: one.argumentsOf(0) };
    const beganAt = performance.now();
    const result = await client.request('tools/call', params, one.tool);
    times.push(performance.now() - beganAt);
    requireGood(one, params, result);
  }
  return times;
}

/** All clients at once, each its next call when the last is answered. @returns Calls a second. */
export async function callsDuring(clients, one, seconds) {
  const beganAt = performance.now();
  const endAt = beganAt + seconds * 1000;
  let calls = 0;
  await Promise.all(
    clients.map(async (client, connection) => {
      while (performance.now() < endAt) {
        const params = { name: one.tool, arguments: one.argumentsOf(connection) };
        requireGood(one, params, await client.request('tools/call', params, one.tool));
        calls += 1;
      }
    }),
  );
  return (calls * 1000) / (performance.now() - beganAt);
}

function requireGood({ tool }, params, result) {
  if (result.isError) throw new Error(`${tool} ${JSON.stringify(params)}: ${JSON.stringify(result.content)}`);
}
