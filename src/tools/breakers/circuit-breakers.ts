import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { Replica } from '../../platform/replicas/replica.js';
import { inTenant } from '../../platform/request-scope.js';
import { Circuit, type Verdict } from './circuit.js';

/** Published when an admin closes a circuit; the id is that of what it guards. */
export const CIRCUIT_CHANGE = 'circuit';

const NOTE_STATE = `INSERT INTO circuit_states (tenant_id, tool_id, replica_id, state, error_kind, changed_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tool_id, replica_id) DO UPDATE SET state = $4, error_kind = coalesce($5, circuit_states.error_kind), changed_at = $6
  WHERE circuit_states.changed_at <= $6`;
const FORGET_STATE = 'DELETE FROM circuit_states WHERE tool_id = $1 AND replica_id = $2';
const FORGET_DEAD = `DELETE FROM circuit_states WHERE tenant_id = $1 AND replica_id NOT IN (SELECT id FROM replicas)`;

/** What a circuit guards, and when it opens. */
export type Guarded = {
  readonly tenantId: string;
  /** The tool's row, or that of whatever else `kind` says. */
  readonly toolId: string;
  /** What it is, for the log. @default 'tool' */
  readonly kind?: string;
  /** Failures in a row that open it; 0: never. */
  readonly failures: number;
  readonly resetMs: number;
};

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
};

/**
 * A circuit breaker for each tool of each group, and for each version of an agent, on this replica. Its state, unless closed, is
 * noted in Postgres, for administrators to see on any replica.
 */
@Injectable()
export class CircuitBreakers implements OnModuleInit {
  private readonly logger = new Logger(CircuitBreakers.name);
  private readonly circuits = new Map<string, Kept>();
  /** Notes follow each other, so that the last state is the one that stays. */
  private lastNote: Promise<unknown> = Promise.resolve();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly replica: Replica,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe(CIRCUIT_CHANGE, async (change) => {
      if (change) this.reset(change.id);
      await this.lastNote;
    });
  }

  /**
   * Runs the work unless the circuit is open.
   *
   * @param judge What an outcome says of the tool: its faults and timeouts speak against it, what it rightly refused for it.
   * @throws {CircuitOpenError} It is open, or half open and another call is trying.
   */
  async run<T extends Outcome>(
    guarded: Guarded,
    judge: (outcome: T) => Verdict,
    work: () => Promise<T>,
  ): Promise<T> {
    if (guarded.failures === 0) return work();
    const kept = this.circuitOf(guarded);
    const { circuit } = kept;
    const end = circuit.begin(performance.now());
    if (!end) throw new CircuitOpenError(Math.max(1, Math.ceil(circuit.waitMs(performance.now()) / 1000)));
    let verdict: Verdict = 'none';
    try {
      const outcome = await work();
      verdict = judge(outcome);
      if (verdict === 'bad') kept.errorKind = outcome.errorKind;
      return outcome;
    } finally {
      end(verdict, performance.now());
    }
  }

  private circuitOf(guarded: Guarded): Kept {
    const found = this.circuits.get(guarded.toolId);
    if (found?.guarded.failures === guarded.failures && found.guarded.resetMs === guarded.resetMs)
      return found;
    if (found) this.reset(guarded.toolId); // its settings were changed
    if (this.circuits.size >= KEPT_MAX) this.forgetClosed();
    const circuit = new Circuit(guarded, (state, opened) => this.changed(kept, state, opened));
    const kept: Kept = { guarded, circuit, errorKind: null };
    this.circuits.set(guarded.toolId, kept);
    return kept;
  }

  private forgetClosed(): void {
    for (const [id, { circuit }] of this.circuits) if (circuit.state === 'closed') this.circuits.delete(id);
  }

  /** A circuit that was reset meanwhile has no say any more. */
  private changed(kept: Kept, state: Circuit['state'], opened: boolean): void {
    const { guarded, errorKind } = kept;
    if (this.circuits.get(guarded.toolId) !== kept) return;
    if (state === 'closed') this.noteClosed(guarded);
    else this.note(guarded, state, opened ? errorKind : null);
  }

  private reset(toolId: string): void {
    const kept = this.circuits.get(toolId);
    this.circuits.delete(toolId);
    if (kept && kept.circuit.state !== 'closed') this.noteClosed(kept.guarded);
  }

  private note(guarded: Guarded, state: 'open' | 'half_open', errorKind: string | null): void {
    const { tenantId, toolId, kind = 'tool' } = guarded;
    if (errorKind !== null) this.logger.warn(`The circuit of ${kind} ${toolId} is open: ${errorKind}`);
    const at = new Date();
    this.write(tenantId, async () => {
      if (state === 'open') await this.dataSource.query(FORGET_DEAD, [tenantId]);
      await this.dataSource.query(NOTE_STATE, [tenantId, toolId, this.replica.id, state, errorKind, at]);
    });
  }

  private noteClosed({ tenantId, toolId }: Guarded): void {
    this.write(tenantId, () => this.dataSource.query(FORGET_STATE, [toolId, this.replica.id]));
  }

  /** What is noted is for people to look at: a call does not wait for it, nor fail with it. */
  private write(tenantId: string, work: () => Promise<unknown>): void {
    this.lastNote = this.lastNote
      .then(() => inTenant(tenantId, work))
      .catch((error: unknown) => this.logger.warn(`A circuit's state could not be noted: ${String(error)}`));
  }
}
