import { Agent } from 'node:http';
import { httpRequest, jsonRpcBody, seeded, SMUGGLED } from '../grammar.js';
import { type Ending, post, type Target } from '../load.js';
import { type Scenario, Tally, underLoad } from '../scenario.js';
import { open } from './bad-clients.js';

const REQUESTS = { short: 600, full: 10_000 } as const;
const AT_ONCE = 40;
/** A server that waits for the rest of a request is right to; we do not wait with it. */
const PATIENCE_MS = 1000;
const SEED = 20_261_121;

/** Half of them JSON-RPC messages, half of them HTTP requests, all by a grammar of what must not be. */
export const malformed: Scenario = {
  name: 'malformed requests from a grammar',
  run: (stage, size) =>
    underLoad(stage, async (load) => {
      const pid = stage.app().process.pid;
      const tally = new Tally();
      const answeredIds: string[] = [];
      const random = seeded(SEED);
      const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
      await inParallel(REQUESTS[size], async (n) => {
        if (n % 2 === 0) {
          const id = `fuzz-${n}`;
          const ending = await post(stage.target, jsonRpcBody(random, id), { agent });
          if (ending.text === id) answeredIds.push(id);
          if (ending.kind === 'unclear') load.unclear.push(`JSON-RPC ${n}: ${ending.text}`);
          tally.add(`JSON-RPC: ${briefly(ending)}`);
        } else {
          const line = await exchange(stage.target, httpRequest(random, stage.target.key));
          if (line.startsWith('HTTP/1.1 500')) load.unclear.push(`HTTP ${n}: ${line}`);
          tally.add(`HTTP: ${line}`);
        }
      });
      agent.destroy();
      const recorded = await stage.recorded('chaos_echo');
      const lost = answeredIds.filter((id) => !recorded.has(id));
      if (lost.length > 0) load.unclear.push(`valid calls among them that were lost: ${lost.join(', ')}`);
      if (recorded.has(SMUGGLED)) load.unclear.push('a smuggled request was served');
      if (stage.app().process.exitCode !== null) load.unclear.push(`the service (${pid}) ended`);
      return {
        others: tally.counts,
        notes: [
          `${REQUESTS[size]} requests, seed ${SEED}; ${answeredIds.length} were valid calls and recorded`,
        ],
      };
    }),
};

/** The first line of what comes back. */
async function exchange(target: Target, bytes: string): Promise<string> {
  const socket = await open(target);
  return new Promise((settle) => {
    let answer = '';
    const done = (otherwise: string) => {
      clearTimeout(patience);
      socket.destroy();
      settle(answer === '' ? otherwise : (answer.split('\r\n')[0] ?? ''));
    };
    const patience = setTimeout(() => done('waits for more'), PATIENCE_MS);
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.once('close', () => done('closed without an answer'));
    socket.write(bytes, 'latin1');
  });
}

function briefly(ending: Ending): string {
  if (ending.kind === 'answered') return 'a result';
  return /^HTTP \d+ (-?\d+)?/.exec(ending.text)?.[0].trim() ?? ending.text;
}

async function inParallel(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
