import { Injectable } from '@nestjs/common';
import { InFlightSet } from '../platform/in-flight-set.js';
import type { Exchange } from './exchange.js';

/**
 * The calls of clients without a session that run in this replica, so that `notifications/cancelled`, which comes in a
 * request of its own, finds the one it means. It means a call by the same key, network address and JSON-RPC id; where
 * several fit, none is cancelled, since ids are each client's own.
 */
@Injectable()
export class CallsUnderWay {
  private readonly running = new InFlightSet<{ readonly exchange: Exchange; readonly id: unknown }>();

  /** @returns To be called when the call is over. */
  add(exchange: Exchange, id: unknown): () => void {
    return this.running.add({ exchange, id });
  }

  cancel({ client }: Exchange, id: unknown): void {
    let meant: Exchange | undefined;
    for (const call of this.running) {
      if (call.id !== id || call.exchange.client !== client) continue;
      if (meant) return;
      meant = call.exchange;
    }
    meant?.gone.cancel();
  }
}
