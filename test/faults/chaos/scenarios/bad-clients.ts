import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../load.js';
import { type Scenario, Tally, underLoad } from '../scenario.js';
import { BODY_LIMIT_MS, type Stage } from '../stage.js';
import { eventually } from '../../../support/waiting.js';

const HANG_UPS = { short: 200, full: 1000 } as const;
const SLOW_CLIENTS = { short: 60, full: 500 } as const;
const HANG_UP_AFTER_MS = 300;
const DRIP_MS = 100;
const KEPT = 'no answer until the client hung up';

/** Clients that go away while their tool runs. */
export const hangUps: Scenario = {
  name: 'clients that hang up in the middle of a call',
  run: (stage, size) =>
    underLoad(stage, async () => {
      const count = HANG_UPS[size];
      const clients = Array.from({ length: count }, async (_, n) => {
        const socket = await open(stage.target);
        const params = { name: 'chaos_slow', arguments: { id: `gone-${n}` } };
        const body = JSON.stringify({ jsonrpc: '2.0', id: n, method: 'tools/call', params });
        socket.write(head(stage.target, Buffer.byteLength(body)) + body);
        await delay(HANG_UP_AFTER_MS);
        socket.destroy();
      });
      await Promise.all(clients);
      let kinds: Kinds = [];
      await eventually(async () => {
        kinds = await kindsOf(stage, 'chaos_slow');
        return kinds.reduce((sum, { calls }) => sum + calls, 0) >= count;
      });
      const found = kinds.map(({ kind, calls }) => `${calls} recorded as ${kind}`);
      return { notes: [`${count} hung up; ${found.join(', ')}`] };
    }),
};

/** Clients that send their request byte by byte and never finish: a worker per connection would be taken by each. */
export const slowBodies: Scenario = {
  name: 'slow-loris bodies and heads',
  run: (stage, size) =>
    underLoad(stage, async (load) => {
      const count = SLOW_CLIENTS[size];
      const tally = new Tally();
      const bodies = Array.from({ length: count }, () => drip(stage.target, head(stage.target, 100_000)));
      const heads = Array.from({ length: count }, () =>
        drip(stage.target, 'POST /mcp/chaos/mcp HTTP/1.1\r\nx-drip: '),
      );
      for (const answer of await Promise.all(bodies)) tally.add(`slow body: ${answer}`);
      for (const answer of await Promise.all(heads)) tally.add(`slow head: ${answer}`);
      const kept = tally.counts.get(`slow head: ${KEPT}`) ?? tally.counts.get(`slow body: ${KEPT}`) ?? 0;
      if (kept > 0) load.unclear.push(`${kept} slow clients were let to hold their connections`);
      return {
        others: tally.counts,
        notes: [
          `${count} bodies and ${count} heads, a byte every ${DRIP_MS} ms; limit for each ${BODY_LIMIT_MS} ms`,
        ],
      };
    }),
};

type Kinds = readonly { readonly kind: string; readonly calls: number }[];

/** How the calls of a tool ended, as the log has it. */
function kindsOf(stage: Stage, tool: string): Promise<Kinds> {
  return stage.postgres.query(
    `SELECT coalesce(error_kind, 'success') AS kind, count(*)::int AS calls FROM mcp_call_logs
     WHERE tool_name = '${tool}' GROUP BY 1`,
  );
}

/** Sends `begin`, then a byte now and then; hangs up by itself after twice the time that a body may take. */
async function drip(target: Target, begin: string): Promise<string> {
  const socket = await open(target);
  let answer = '';
  const closed = new Promise((settle) => socket.once('close', settle));
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.write(begin);
  const dripping = setInterval(() => socket.write('x'), DRIP_MS);
  const patience = setTimeout(() => socket.destroy(), 2 * BODY_LIMIT_MS);
  await closed;
  clearInterval(dripping);
  clearTimeout(patience);
  const [line = ''] = answer.split('\r\n');
  return line === '' ? KEPT : line;
}

/** @throws {Error} The connection is refused. */
export async function open({ port }: Target): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

function head({ key }: Target, length: number): string {
  const lines = [
    'POST /mcp/chaos/mcp HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
