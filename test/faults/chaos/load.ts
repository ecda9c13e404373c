import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { HANG_MS } from '../../support/waiting.js';

const AFTER_FAILURE_MS = 20;
const POLL_MS = 5;

/** What became of one request, in words short enough to be counted. */
export type Ending =
  | { readonly kind: 'answered'; readonly text: string }
  /** The client was told why and what to do: an HTTP or JSON-RPC error. */
  | { readonly kind: 'refused'; readonly text: string }
  /** The connection ended or was not to be had. */
  | { readonly kind: 'broken'; readonly text: string }
  /** Nothing within 30 s, a 500, or an answer that cannot be read. There must be none. */
  | { readonly kind: 'unclear'; readonly text: string };

export type Target = { readonly port: number; readonly key: string };

/** Real HTTP clients that call `chaos_echo` one after another, each on its own kept-alive connection, until they are stopped. */
export class Load {
  /** Ids of the calls whose answer arrived whole. */
  readonly answered: string[] = [];
  /** How many calls ended otherwise, by what the client saw. */
  readonly others = new Map<string, number>();
  readonly unclear: string[] = [];
  private readonly latenciesMs: number[] = [];
  private readonly servedAt: number[];
  private readonly running: Promise<unknown>;
  private stopped = false;

  /** @param name Makes the ids unique. */
  constructor(
    private readonly target: Target,
    private readonly name: string,
    clients: number,
  ) {
    this.servedAt = Array.from({ length: clients }, () => -Infinity);
    this.running = Promise.all(this.servedAt.map((_, number) => this.client(number)));
  }

  /** Waits for so many more answers. */
  async answers(count: number, limitMs = HANG_MS): Promise<void> {
    const wanted = this.answered.length + count;
    await this.until(() => this.answered.length >= wanted, limitMs, `${count} more answers`);
  }

  /** Waits until every client was answered once more; returns how long that took. */
  async everyone(limitMs = 60_000): Promise<number> {
    const from = performance.now();
    await this.until(() => this.servedAt.every((at) => at > from), limitMs, 'an answer for every client');
    return Math.round(performance.now() - from);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Of the answered calls, in milliseconds. */
  latency(quantile: number): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    return Math.round(sorted[Math.floor((sorted.length - 1) * quantile)] ?? 0);
  }

  private async until(isTrue: () => boolean, limitMs: number, what: string): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!isTrue()) {
      if (performance.now() > deadline) {
        const seen = JSON.stringify([...this.others]);
        throw new Error(`No ${what} within ${limitMs} ms; clients saw ${seen}`);
      }
      await delay(POLL_MS);
    }
  }

  private async client(number: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 0; !this.stopped; n++) {
      const id = `${this.name}-${number}-${n}`;
      const began = performance.now();
      const ending = await call(this.target, { name: 'chaos_echo', args: { id }, agent });
      if (ending.kind === 'answered') {
        this.answered.push(id);
        this.latenciesMs.push(performance.now() - began);
        this.servedAt[number] = performance.now();
        if (ending.text !== id) this.unclear.push(`${id} was answered with ${ending.text}`);
        continue;
      }
      if (ending.kind === 'unclear') this.unclear.push(ending.text);
      this.others.set(ending.text, (this.others.get(ending.text) ?? 0) + 1);
      await delay(AFTER_FAILURE_MS);
    }
    agent.destroy();
  }
}

export type Call = {
  readonly name: string;
  readonly args?: object;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
};

/** One `tools/call`; never throws. */
export function call(target: Target, { name, args = {}, agent, signal }: Call): Promise<Ending> {
  const params = { name, arguments: args };
  return post(target, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }), {
    agent,
    signal,
  });
}

/** One POST of any body; never throws. */
export function post(
  { port, key }: Target,
  body: string,
  options: { readonly agent?: Agent; readonly signal?: AbortSignal } = {},
): Promise<Ending> {
  return new Promise((settle) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path: '/mcp/chaos/mcp',
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        ...options,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => settle(toEnding(answer.statusCode ?? 0, text)));
        answer.on('error', () => settle({ kind: 'broken', text: 'connection broken' }));
      },
    );
    asked.setTimeout(HANG_MS, () => {
      settle({ kind: 'unclear', text: `no answer within ${HANG_MS} ms` });
      asked.destroy();
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      settle({
        kind: 'broken',
        text: error.code === 'ECONNREFUSED' ? 'connection refused' : 'connection broken',
      }),
    );
    asked.end(body);
  });
}

function toEnding(status: number, text: string): Ending {
  try {
    const body = JSON.parse(text || '{}') as {
      result?: { content?: { text?: string }[] };
      error?: { code?: number; message?: string };
      message?: string;
    };
    if (status === 200 && body.result)
      return { kind: 'answered', text: body.result.content?.[0]?.text ?? '' };
    const message = body.error?.message ?? body.message ?? '';
    const told = `HTTP ${status} ${body.error?.code ?? ''} ${message}`.replaceAll(/\s+/g, ' ');
    return { kind: status === 500 ? 'unclear' : 'refused', text: told };
  } catch {
    return { kind: 'unclear', text: `HTTP ${status} with what is not JSON: ${text.slice(0, 60)}` };
  }
}
