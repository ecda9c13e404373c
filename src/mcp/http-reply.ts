import type { IncomingMessage, ServerResponse } from 'node:http';
import { wellFormedJson } from '../platform/well-formed-json.js';
import { rpcError, sendJson, sendRefusal } from './answers.js';
import type { RpcAnswer } from './rpc-message.js';
import type { HttpRefusal } from './http-refusal.js';

/** What keeps the answer from being taken for dead: nothing to a reader of JSON, a comment to one of event streams. */
const BLANK = { json: ' ', stream: ': keepalive\n\n' } as const;

/**
 * The answer to one HTTP request. It is one JSON body, unless there is something to say before the result: then it is an
 * event stream (MCP, basic/transports). A call that takes long begins its answer early, because proxies and clients close a
 * connection that carries nothing.
 */
export class HttpReply {
  private begun: keyof typeof BLANK | undefined;
  /** When the client last heard something, from when on it waits for a call; undefined: it does not. */
  private heardAt: number | undefined;

  constructor(
    private readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {}

  /** From now on the request is a call under way, whose answer is 200 whatever comes of it. */
  beginsWaiting(): void {
    this.heardAt = performance.now();
  }

  /** Sends a notification that belongs to the request, to a client that can hear it. */
  notify(message: object): void {
    const { accept } = this.request.headers;
    const readsStreams = !accept || /\*\/\*|text\/(event-stream|\*)/i.test(accept);
    if (readsStreams && this.begin('stream') === 'stream') this.write(eventOf(message));
  }

  /** Says that the answer is still to come, to a client that has heard nothing for so long. */
  keepAlive(silenceMaxMs: number): void {
    if (this.heardAt === undefined || performance.now() - this.heardAt < silenceMaxMs) return;
    const namesStreams = this.request.headers.accept?.includes('text/event-stream');
    this.write(BLANK[this.begin(namesStreams ? 'stream' : 'json')]);
  }

  end(answer: RpcAnswer | readonly RpcAnswer[], status = 200): void {
    const { response, begun } = this;
    this.heardAt = undefined;
    if (begun === undefined) return sendJson(response, status, answer);
    this.write(begun === 'stream' ? eventOf(answer) : wellFormedJson(answer));
    response.end();
  }

  refuse(refusal: HttpRefusal): void {
    if (this.begun === undefined) sendRefusal(this.response, refusal);
    else this.end(rpcError(refusal.id ?? null, refusal));
  }

  private begin(kind: keyof typeof BLANK): keyof typeof BLANK {
    if (this.begun !== undefined) return this.begun;
    this.begun = kind;
    const { response } = this;
    if (response.headersSent || response.destroyed) return kind;
    const type = kind === 'stream' ? 'text/event-stream' : 'application/json';
    response.writeHead(200, {
      'Content-Type': type,
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    return kind;
  }

  private write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.heardAt !== undefined) this.heardAt = performance.now();
    this.response.write(text);
  }
}

/** One message of an event stream. */
export function eventOf(message: object): string {
  return `event: message\ndata: ${wellFormedJson(message)}\n\n`;
}
