import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { Circuit, type Guarded, type Verdict } from './circuit.js';
import { CircuitRecords } from './circuit-records.js';

/** Published when an admin closes a circuit; the id is that of what it guards. */
export const CIRCUIT_CHANGE = 'circuit';

/** The call was not run: the tool has failed too often of late. */
export class CircuitOpenError extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super('circuit open');
  }
}

/** Above this number those that are closed are forgotten. */
const KEPT_MAX = 20_000;

type Outcome = { readonly errorKind: string | null };
type Kept = {
  readonly guarded: Guarded;
  readonly circuit: Circuit;
  /** Of the last outcome that spoke against the tool. */
  errorKind: string | null;
  /** Administrators know that it is open. */
  isTold: boolean;
};

/**
 * A circuit breaker for each tool of each group, and for each version of an agent, on this replica. Its state, unless closed, is
 * noted in Postgres, for administrators to see on any replica.
 */
@Injectable()
export class CircuitBreakers implements OnModuleInit {
  private readonly circuits = new Map<string, Kept>();

  constructor(
    private readonly changeBus: ChangeBus,
    private readonly records: CircuitRecords,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe(CIRCUIT_CHANGE, async (change) => {
      if (change) this.reset(change.id);
      await this.records.written();
    });
  }

  /**
   * Runs the work unless the circuit is open.
   *
   * @param judge What an outcome says of the tool: its faults and timeouts speak against it, what it rightly refused for it. Nobody
   *   waits for what takes longer to find out.
   * @throws {CircuitOpenError} It is open, or half open and another call is trying.
   */
  async run<T extends Outcome>(
    guarded: Guarded,
    judge: (outcome: T) => Verdict | Promise<Verdict>,
    work: () => Promise<T>,
  ): Promise<T> {
    if (guarded.failures === 0) return work();
    const kept = this.circuitOf(guarded);
    const { circuit } = kept;
    const end = circuit.begin(performance.now());
    if (!end) throw new CircuitOpenError(Math.max(1, Math.ceil(circuit.waitMs(performance.now()) / 1000)));
    let outcome: T;
    try {
      outcome = await work();
    } catch (error) {
      end('none', performance.now());
      throw error;
    }
    const say = (verdict: Verdict) => {
      if (verdict === 'bad') kept.errorKind = outcome.errorKind;
      end(verdict, performance.now());
    };
    const verdict = judge(outcome);
    if (typeof verdict === 'string') say(verdict);
    else void verdict.then(say);
    return outcome;
  }

  private circuitOf(guarded: Guarded): Kept {
    const found = this.circuits.get(guarded.toolId);
    if (found?.guarded.failures === guarded.failures && found.guarded.resetMs === guarded.resetMs)
      return found;
    if (found) this.reset(guarded.toolId); // its settings were changed
    if (this.circuits.size >= KEPT_MAX) this.forgetClosed();
    const circuit = new Circuit(guarded, (state, opened) => this.changed(kept, state, opened));
    const kept: Kept = { guarded, circuit, errorKind: null, isTold: false };
    this.circuits.set(guarded.toolId, kept);
    return kept;
  }

  private forgetClosed(): void {
    for (const [id, { circuit }] of this.circuits) if (circuit.state === 'closed') this.circuits.delete(id);
  }

  /** A circuit that was reset meanwhile has no say any more. */
  private changed(kept: Kept, state: Circuit['state'], opened: boolean): void {
    const { guarded, errorKind, isTold } = kept;
    if (this.circuits.get(guarded.toolId) !== kept) return;
    if (state === 'closed') {
      kept.isTold = false;
      this.records.noteClosed(guarded);
    } else if (opened) {
      const why = errorKind ?? 'unknown';
      this.records.noteOpen(guarded, why);
      if (!isTold) this.records.tellOfOpen(guarded, why, () => (kept.isTold = true));
    } else this.records.noteTrial(guarded, state);
  }

  private reset(toolId: string): void {
    const kept = this.circuits.get(toolId);
    this.circuits.delete(toolId);
    if (kept && kept.circuit.state !== 'closed') this.records.noteClosed(kept.guarded);
  }
}
