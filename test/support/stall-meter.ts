import { once } from 'node:events';
import { request as send } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type RunningServer, type ServerOptions, startServer } from './server.js';

const PROBE = pathToFileURL(resolve(__dirname, 'stall-probe.mjs')).href;
/** What the probe's fixed piece of work takes on the machine that the limits are meant for. */
const CALIBRATION_MS = 6;

export type RawRequest = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
};
export type Case = {
  readonly name: string;
  /** Sent over HTTP; or what is done instead, and the status or so that comes of it. */
  readonly request: RawRequest | (() => Promise<number>);
};
export type RawAnswer = { readonly status: number; readonly text: string };

/** A built server whose longest turn of the event loop can be asked for. */
export type MeteredServer = {
  readonly server: RunningServer;
  readonly send: (request: RawRequest) => Promise<RawAnswer>;
  /**
   * The cases that held the loop longer than the limit, each time they were tried, in milliseconds of CPU on a machine of
   * ordinary speed: this one's is measured where it decides, and taken out. `STALL_TABLE=1` shows all.
   */
  readonly slowOf: (cases: readonly Case[], limitMs: number) => Promise<string[]>;
};

/** What is slow for good is slow each time; a garbage collection is not. */
const TRIES = 8;
const SHOWN = process.env['STALL_TABLE'] !== undefined;

export async function startMeteredServer(options: ServerOptions): Promise<MeteredServer> {
  const nodeOptions = ['--import', PROBE, '--max-semi-space-size=16'];
  const server = await startServer({ ...options, nodeOptions });
  const ask = async (line: '' | 'speed'): Promise<number> => {
    const from = server.stdout().length;
    server.process.stdin?.write(`${line}\n`);
    for (;;) {
      const told = /@stall (\S+)\n/.exec(server.stdout().slice(from));
      if (told) return Number(told[1]);
      await once(server.process.stdout!, 'data');
    }
  };
  const stallOf = async (work: () => Promise<unknown>): Promise<number> => {
    await ask('');
    await work();
    return ask('');
  };
  /** How much slower than an ordinary machine this one is at the moment. Costs more than most cases, so it is asked where it decides. */
  const slowness = async () => Math.max(1, (await ask('speed')) / CALIBRATION_MS);
  const statusOf = async (request: RawRequest) => (await sendRaw(server.port, request)).status;
  return {
    server,
    send: (request) => sendRaw(server.port, request),
    slowOf: async (cases, limitMs) => {
      const slow: string[] = [];
      for (const { name, request } of cases) {
        let least = Infinity;
        let status = 0;
        for (let count = 0; count < TRIES && least > limitMs; count++) {
          const stall = await stallOf(async () => {
            status = await (typeof request === 'function' ? request() : statusOf(request));
          });
          least = Math.min(least, stall > limitMs ? stall / (await slowness()) : stall);
        }
        const line = `${least.toFixed(0).padStart(7)} ms  ${String(status).padStart(3)}  ${name}`;
        if (SHOWN) process.stderr.write(`${line}\n`);
        if (least > limitMs) slow.push(line.trim());
      }
      return slow;
    },
  };
}

function sendRaw(port: number, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((settle, reject) => {
    const request = send(
      { port, host: '127.0.0.1', method, path, headers: headers as Record<string, string> },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => settle({ status: response.statusCode ?? 0, text }));
        response.on('error', () => settle({ status: response.statusCode ?? 0, text }));
      },
    );
    // What is refused before it was read may be cut off in the middle: that is an answer, too.
    request.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? settle({ status: 0, text: '' }) : reject(error),
    );
    request.end(body);
  });
}
