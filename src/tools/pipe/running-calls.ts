import { Injectable } from '@nestjs/common';
import { InFlightSet } from '../../platform/in-flight-set.js';

/** A call whose tool is running on this replica. */
export type RunningCall = {
  readonly tenantId: string;
  readonly groupId: string;
  readonly toolName: string;
  /** Null: a person's call. */
  readonly keyId: string | null;
  /** Aborts the tool; the call ends as cancelled, on record like any other. */
  readonly cut: () => void;
};

/** The calls whose tools are running now, so that an administrator's change can end them. */
@Injectable()
export class RunningCalls {
  private readonly running = new InFlightSet<RunningCall>();

  /** @returns To be called when it has ended. */
  add(call: RunningCall): () => void {
    return this.running.add(call);
  }

  cut(where: (call: RunningCall) => boolean): void {
    for (const call of this.running) if (where(call)) call.cut();
  }
}
