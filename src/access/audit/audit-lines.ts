import { toCsvCell } from '../../platform/rest/csv.js';
import type { AdminAuditLog } from './audit-log.entity.js';
import type { AuditLogDto } from './audit-logs.dto.js';

export function toAuditLogDto(log: AdminAuditLog): AuditLogDto {
  return {
    id: log.id,
    created_at: log.createdAt.toISOString(),
    actor_kind: log.actorKind,
    actor_id: log.actorId,
    actor_name: log.actorName,
    action: log.action,
    target_kind: log.targetKind,
    target_id: log.targetId,
    target_name: log.targetName,
    before: log.before,
    after: log.after,
    result: log.result,
    reason: log.reason,
    ip: log.ip,
    user_agent: log.userAgent,
    request_id: log.requestId,
  };
}

const COLUMNS = [
  'id',
  'created_at',
  'actor_kind',
  'actor_id',
  'actor_name',
  'action',
  'target_kind',
  'target_id',
  'target_name',
  'before',
  'after',
  'result',
  'reason',
  'ip',
  'user_agent',
  'request_id',
] as const satisfies readonly (keyof AuditLogDto)[];

/** RFC 4180. */
export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

export function toJsonLine(log: AdminAuditLog): string {
  return `${JSON.stringify(toAuditLogDto(log))}\n`;
}

export function toCsvLine(log: AdminAuditLog): string {
  const dto = toAuditLogDto(log);
  return `${COLUMNS.map((name) => toCsvCell(dto[name])).join(',')}\r\n`;
}
