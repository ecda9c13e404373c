import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhenResult,
} from 'cockatiel';
import { DataSource } from 'typeorm';
import { ChangeBus } from '../common/change-bus.js';
import { Replica } from '../common/replica.js';
import { inTenant } from '../common/request-scope.js';

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

type Failing = { readonly errorKind: string | null };
type Circuit = {
  readonly guarded: Guarded;
  readonly policy: CircuitBreakerPolicy;
  openedAtMs: number;
};

/**
 * A circuit breaker for each tool of each group, and for whatever else is called, on this replica. Its state, unless closed, is noted in Postgres, for
 * administrators to see on any replica.
 */
@Injectable()
export class CircuitBreakers implements OnModuleInit {
  private readonly logger = new Logger(CircuitBreakers.name);
  private readonly circuits = new Map<string, Circuit>();
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
   * @param isFailure Which outcomes speak against the tool: its faults and timeouts, not what it rightly refused.
   * @throws {CircuitOpenError} It is open, or half open and another call is trying.
   */
  async run<T extends Failing>(
    guarded: Guarded,
    isFailure: (outcome: T) => boolean,
    work: () => Promise<T>,
  ): Promise<T> {
    if (guarded.failures === 0) return work();
    const circuit = this.circuitOf(guarded, isFailure as (outcome: Failing) => boolean);
    try {
      return await circuit.policy.execute(work);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      const leftMs = circuit.openedAtMs + guarded.resetMs - performance.now();
      throw new CircuitOpenError(Math.max(1, Math.ceil(leftMs / 1000)));
    }
  }

  private circuitOf(guarded: Guarded, isFailure: (outcome: Failing) => boolean): Circuit {
    const found = this.circuits.get(guarded.toolId);
    if (found?.guarded.failures === guarded.failures && found.guarded.resetMs === guarded.resetMs)
      return found;
    if (found) this.reset(guarded.toolId); // its settings were changed
    const policy = circuitBreaker(
      handleWhenResult((outcome) => isFailure(outcome as Failing)),
      { breaker: new ConsecutiveBreaker(guarded.failures), halfOpenAfter: guarded.resetMs },
    );
    const circuit = { guarded, policy, openedAtMs: -Infinity };
    if (this.circuits.size >= KEPT_MAX) this.forgetClosed();
    policy.onBreak((reason) => {
      circuit.openedAtMs = performance.now();
      this.note(guarded, 'open', 'value' in reason ? (reason.value as Failing).errorKind : null);
    });
    policy.onHalfOpen(() => this.note(guarded, 'half_open', null));
    policy.onReset(() => this.noteClosed(guarded));
    this.circuits.set(guarded.toolId, circuit);
    return circuit;
  }

  private forgetClosed(): void {
    for (const [id, { policy }] of this.circuits)
      if (policy.state === CircuitState.Closed) this.circuits.delete(id);
  }

  private reset(toolId: string): void {
    const circuit = this.circuits.get(toolId);
    this.circuits.delete(toolId);
    if (circuit && circuit.policy.state !== CircuitState.Closed) this.noteClosed(circuit.guarded);
  }

  private note(guarded: Guarded, state: 'open' | 'half_open', errorKind: string | null): void {
    const { tenantId, toolId, kind = 'tool' } = guarded;
    if (state === 'open')
      this.logger.warn(`The circuit of ${kind} ${toolId} is open: ${errorKind ?? 'it failed again'}`);
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
