import { Injectable } from '@nestjs/common';
import { CallsUnderWay } from './calls-under-way.js';
import type { Exchange } from './exchange.js';
import type { RpcNotification } from './rpc-requests.js';

/** As long as a random id is; nobody hits on another client's by chance. */
const PROOF_MIN_LENGTH = 16;

/**
 * The calls of clients without a session, for `notifications/cancelled`, which comes in a request of its own. Key and network
 * address prove nothing there, and most clients count their requests from 1: a notice that comes late would cancel somebody
 * else's call. So only a call whose id is a text that nobody else has can be cancelled; others end when their request is closed.
 */
@Injectable()
export class StatelessCalls {
  private readonly byClient = new Map<string, CallsUnderWay>();

  /** @returns To be called when the request is answered; undefined: it cannot be cancelled, so it is not kept. */
  add({ client, gone }: Exchange, id: unknown): (() => void) | undefined {
    if (!isProof(id)) return undefined;
    const calls = this.byClient.get(client) ?? new CallsUnderWay();
    this.byClient.set(client, calls);
    const isOver = calls.add(id, gone);
    return () => {
      isOver();
      if (calls.isEmpty) this.byClient.delete(client);
    };
  }

  heed({ client }: Exchange, notification: RpcNotification): void {
    if (isProof(notification.params?.['requestId'])) this.byClient.get(client)?.heed(notification);
  }
}

function isProof(id: unknown): boolean {
  return typeof id === 'string' && id.length >= PROOF_MIN_LENGTH;
}
