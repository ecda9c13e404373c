import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { noteCommit } from '../idempotency/committed.js';
import { toLogJson } from '../../platform/secrets/redact.js';
import { currentScope, inTenant } from '../../platform/request-scope.js';
import { AdminAuditLog } from './audit-log.entity.js';
import { cutText } from '../../platform/cut-text.js';

const VALUES_MAX_BYTES = 65_536;
const ACTION_MAX = 200;

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
export class AuditTrail {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @param manager Of the transaction that makes the change; it must belong to the actor's tenant. */
  async record(manager: EntityManager, actor: Actor, entry: AuditEntry): Promise<void> {
    await noteCommit(manager);
    await manager.insert(AdminAuditLog, toRow(actor, entry, { result: 'ok', reason: null }));
  }

  /** For an act that changes no row of ours, such as an export: recorded before it is done, in a transaction of its own. */
  async recordAct(actor: Actor, entry: AuditEntry): Promise<void> {
    await inTenant(actor.tenantId, () => this.record(this.dataSource.manager, actor, entry));
  }

  /** For an attempt that was not let through; nothing else happens, so it has a transaction of its own. */
  async recordRefusal(actor: Actor, entry: AuditEntry & { readonly reason: string }): Promise<void> {
    const row = toRow(actor, entry, { result: 'refused', reason: entry.reason });
    await inTenant(actor.tenantId, () => this.dataSource.manager.insert(AdminAuditLog, row));
  }
}

type Outcome = Pick<AdminAuditLog, 'result' | 'reason'>;

function toRow(actor: Actor, entry: AuditEntry, outcome: Outcome): Omit<AdminAuditLog, 'createdAt'> {
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
