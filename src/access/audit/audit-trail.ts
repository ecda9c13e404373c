import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { noteCommit } from '../idempotency/committed.js';
import { toLogJson } from '../../platform/secrets/redact.js';
import { currentScope, inTenant } from '../../platform/request-scope.js';
import { AdminAuditLog } from './audit-log.entity.js';
import { cutText } from '../../platform/cut-text.js';
import { RefusalLimiter } from './refusal-limiter.js';

const VALUES_MAX_BYTES = 65_536;
const ACTION_MAX = 200;
const COUNTED_FOR_MS = 60_000;

/** Whoever acts; a `Caller` fits. */
export type Actor = {
  readonly kind: string;
  readonly tenantId: string;
  readonly userId?: string;
  readonly email?: string;
  readonly scopes?: readonly string[];
  readonly job?: string;
};

/** Acts that no signed-in person does: the first start, the command line. */
export function systemActor(tenantId: string, job: string): Actor {
  return { kind: 'system', tenantId, job };
}

/** One act. `before` and `after` hold the fields that count, as plain JSON; secrets in them are masked here. */
export type AuditEntry = {
  /** `<kind>.<verb>`, e.g. `group.update`. */
  readonly action: string;
  readonly target?: { readonly kind: string; readonly id: string; readonly name?: string };
  readonly before?: unknown;
  readonly after?: unknown;
};

/**
 * Writes the admin audit: who did what to what, from where, and what came of it. An act is recorded in the transaction
 * that does it, so neither exists without the other. From where and in which request is taken from the request scope.
 */
@Injectable()
export class AuditTrail implements BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditTrail.name);
  private readonly refusals = new RefusalLimiter<Row>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** While the database still answers. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.recordCounted();
  }

  /** @param manager Of the transaction that makes the change; it must belong to the actor's tenant. */
  async record(manager: EntityManager, actor: Actor, entry: AuditEntry): Promise<void> {
    await noteCommit(manager);
    await manager.insert(AdminAuditLog, toRow(actor, entry, { result: 'ok', reason: null }));
  }

  /** For an act that changes no row of ours, such as an export: recorded before it is done, in a transaction of its own. */
  async recordAct(actor: Actor, entry: AuditEntry): Promise<void> {
    await inTenant(actor.tenantId, () => this.record(this.dataSource.manager, actor, entry));
  }

  /**
   * For an attempt that was not let through; nothing else happens, so it has a transaction of its own. What comes too often is
   * counted, and recorded together within a minute: the first of its kind, with `refusals` in `after`.
   */
  async recordRefusal(actor: Actor, entry: AuditEntry & { readonly reason: string }): Promise<void> {
    const row = toRow(actor, entry, { result: 'refused', reason: entry.reason });
    const kind = JSON.stringify([row.actorKind, row.actorId, row.action]);
    if (this.refusals.take(row.tenantId, kind, row, performance.now())) return this.insert(row);
    this.timer ??= setTimeout(() => void this.recordCounted(), COUNTED_FOR_MS).unref();
  }

  private async recordCounted(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { first, count } of this.refusals.drain()) {
      await this.insert({ ...first, after: { ...first.after, refusals: count } }).catch((error: Error) =>
        this.logger.error(`${count} refusals of ${first.action} could not be recorded: ${error.message}`),
      );
    }
  }

  private async insert(row: Row): Promise<void> {
    await inTenant(row.tenantId, () => this.dataSource.manager.insert(AdminAuditLog, row));
  }
}

type Row = Omit<AdminAuditLog, 'createdAt'>;
type Outcome = Pick<AdminAuditLog, 'result' | 'reason'>;

function toRow(actor: Actor, entry: AuditEntry, outcome: Outcome): Row {
  const scope = currentScope();
  return {
    id: newId(),
    tenantId: actor.tenantId,
    actorKind: actor.kind === 'user' && actor.scopes ? 'token' : actor.kind,
    actorId: actor.userId ?? null,
    actorName: actor.email ?? actor.job ?? null,
    action: cutText(entry.action, ACTION_MAX),
    targetKind: entry.target?.kind ?? null,
    targetId: entry.target?.id ?? null,
    targetName: entry.target?.name ?? null,
    before: masked(entry.before),
    after: masked(entry.after),
    ...outcome,
    ip: scope?.ip ?? null,
    userAgent: scope?.userAgent ? cutText(scope.userAgent, 300) : null,
    requestId: scope?.requestId ?? null,
  };
}

function masked(values: unknown): object | null {
  const text = toLogJson(values, VALUES_MAX_BYTES);
  return text === null ? null : (JSON.parse(text) as object | null);
}
