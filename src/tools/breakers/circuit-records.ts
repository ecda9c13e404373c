import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AdminAlerts } from '../../messaging/alerts/admin-alerts.js';
import { messageOf } from '../../platform/errors.js';
import { Replica } from '../../platform/replicas/replica.js';
import { inTenant } from '../../platform/request-scope.js';
import type { Guarded } from './circuit.js';

const NOTE_STATE = `INSERT INTO circuit_states (tenant_id, tool_id, replica_id, state, error_kind, changed_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tool_id, replica_id) DO UPDATE SET state = $4, error_kind = coalesce($5, circuit_states.error_kind), changed_at = $6
  WHERE circuit_states.changed_at <= $6`;
const FORGET_STATE = 'DELETE FROM circuit_states WHERE tool_id = $1 AND replica_id = $2';
const FORGET_DEAD = `DELETE FROM circuit_states WHERE tenant_id = $1 AND replica_id NOT IN (SELECT id FROM replicas)`;
const IS_OPEN_ELSEWHERE = `SELECT 1 FROM circuit_states c JOIN replicas r ON r.id = c.replica_id
  WHERE c.tool_id = $1 AND c.replica_id <> $2 LIMIT 1`;
/** Of the alert. */
export const CIRCUIT_OPEN = 'circuit_open';
const RESET_PATHS: Readonly<Record<Guarded['kind'], string>> = {
  tool: '/api/v1/admin/tools',
  agent_version: '/api/v1/admin/agent-versions',
};

type Opened = { readonly guarded: Guarded; readonly errorKind: string; readonly at: Date };

/**
 * Puts on record which circuits are not closed on this replica, and alerts administrators: once when the first replica opens one,
 * and never again until the last has closed it. A call does not wait for that, nor fail with it.
 */
@Injectable()
export class CircuitRecords {
  private readonly logger = new Logger(CircuitRecords.name);
  /** They follow each other, so that the last state is the one that stays. */
  private lastWrite: Promise<unknown> = Promise.resolve();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly replica: Replica,
    private readonly alerts: AdminAlerts,
  ) {}

  /** When all that was noted so far is stored, or failed to be. */
  async written(): Promise<void> {
    await this.lastWrite;
  }

  noteOpen(guarded: Guarded, errorKind: string): void {
    const { tenantId, toolId, kind, name } = guarded;
    this.logger.warn(`The circuit of ${kind} ${name} (${toolId}) is open: ${errorKind}`);
    const at = new Date();
    this.write(tenantId, async () => {
      await this.dataSource.query(FORGET_DEAD, [tenantId]);
      await this.store(guarded, 'open', errorKind, at);
    });
  }

  /** @param told Called when administrators know of it, by this replica or by another one. */
  tellOfOpen(guarded: Guarded, errorKind: string, told: () => void): void {
    const opened = { guarded, errorKind, at: new Date() };
    this.write(guarded.tenantId, async () => {
      if (!(await this.isOpenElsewhere(guarded.toolId))) await this.alert(opened);
      told();
    });
  }

  /** One call tries, or tried and learned nothing. */
  noteTrial(guarded: Guarded, state: 'open' | 'half_open'): void {
    const at = new Date();
    this.write(guarded.tenantId, () => this.store(guarded, state, null, at));
  }

  noteClosed({ tenantId, toolId }: Guarded): void {
    this.write(tenantId, async () => {
      await this.dataSource.query(FORGET_STATE, [toolId, this.replica.id]);
      if (await this.isOpenElsewhere(toolId)) return; // the last one to close it says so
      await this.dataSource.transaction((manager) =>
        this.alerts.endState(manager, { tenantId, kind: CIRCUIT_OPEN, targetId: toolId }),
      );
    });
  }

  private async store(
    { tenantId, toolId }: Guarded,
    state: 'open' | 'half_open',
    errorKind: string | null,
    at: Date,
  ): Promise<void> {
    await this.dataSource.query(NOTE_STATE, [tenantId, toolId, this.replica.id, state, errorKind, at]);
  }

  private async isOpenElsewhere(toolId: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(IS_OPEN_ELSEWHERE, [toolId, this.replica.id]);
    return rows.length > 0;
  }

  private alert({ guarded, errorKind, at }: Opened): Promise<void> {
    const { tenantId, toolId: id, kind, name, failures, resetMs } = guarded;
    return this.dataSource.transaction((manager) =>
      this.alerts.raiseState(manager, {
        tenantId,
        kind: CIRCUIT_OPEN,
        title: `${name} failed too often and is not called at the moment`,
        detail:
          `${failures} failures in a row since the circuit was last closed, the latest of kind ${errorKind} at ${at.toISOString()} on replica ` +
          `${this.replica.name}. Every ${resetMs / 1000} s one call is let through to try; the first that succeeds closes the circuit, ` +
          `and this alert with it. To let all through at once: POST ${RESET_PATHS[kind]}/${id}/circuit/reset`,
        target: { kind, id },
        key: `${CIRCUIT_OPEN}:${id}`,
      }),
    );
  }

  private write(tenantId: string, work: () => Promise<unknown>): void {
    this.lastWrite = this.lastWrite
      .then(() => inTenant(tenantId, work))
      .catch((error: unknown) =>
        this.logger.warn(`A circuit's state could not be noted: ${messageOf(error)}`),
      );
  }
}
