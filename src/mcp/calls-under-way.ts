import { Injectable } from '@nestjs/common';
import type { Exchange } from './exchange.js';

/**
 * The calls of clients without a session that run in this replica, so that `notifications/cancelled`, which comes in a
 * request of its own, finds the one it means. It means a call by the same key, network address and JSON-RPC id; where
 * several fit, none is cancelled, since ids are each client's own.
 */
@Injectable()
export class CallsUnderWay {
  private readonly running = new Map<string, Set<Exchange>>();

  /** @returns To be called when the call is over. */
  add(exchange: Exchange, id: unknown): () => void {
    const name = nameOf(exchange, id);
    const calls = this.running.get(name) ?? new Set();
    this.running.set(name, calls.add(exchange));
    return () => {
      calls.delete(exchange);
      if (calls.size === 0 && this.running.get(name) === calls) this.running.delete(name);
    };
  }

  cancel(exchange: Exchange, id: unknown): void {
    const [only, ...more] = this.running.get(nameOf(exchange, id)) ?? [];
    if (only && more.length === 0) only.gone.cancel();
  }
}

function nameOf(exchange: Exchange, id: unknown): string {
  return `${exchange.client} ${JSON.stringify(id)}`;
}
