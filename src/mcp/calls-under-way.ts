import type { Cancellation } from '../platform/ending.js';
import { InFlightSet } from '../platform/in-flight-set.js';
import type { RpcNotification } from './rpc-requests.js';
import { isSameId } from './exact-number.js';

type Call = { readonly id: unknown; readonly gone: Cancellation };

/** The requests of one session or connection that are being answered: only these does its `notifications/cancelled` cancel. */
export class CallsUnderWay {
  private readonly running = new InFlightSet<Call>();

  get isEmpty(): boolean {
    return this.running.isEmpty;
  }

  /** @returns To be called when the request is answered. */
  add(id: unknown, gone: Cancellation): () => void {
    return this.running.add({ id, gone });
  }

  /** Does what a notification asks for, if it is of that kind. */
  heed({ method, params }: RpcNotification): void {
    if (method !== 'notifications/cancelled') return;
    for (const { id, gone } of this.running) if (isSameId(id, params?.['requestId'])) gone.cancel();
  }

  cancelAll(): void {
    for (const { gone } of this.running) gone.cancel();
  }
}
