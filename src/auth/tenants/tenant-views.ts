import type { Tenant } from '../../access/tenant.entity.js';
import type { TenantJob } from './tenant-job.entity.js';
import type { CreatedTenantDto, TenantDto, TenantJobDto } from './tenants.dto.js';
import type { CreatedTenant, TenantSummary } from './tenants.service.js';

export function toTenantDto({ tenant, counts }: TenantSummary): TenantDto {
  return {
    id: tenant.id,
    name: tenant.name,
    status: statusOf(tenant),
    is_operating: tenant.isOperating,
    user_count: counts.userCount,
    group_count: counts.groupCount,
    active_key_count: counts.activeKeyCount,
    version: tenant.version,
    created_at: tenant.createdAt.toISOString(),
  };
}

export function toCreatedTenantDto(created: CreatedTenant): CreatedTenantDto {
  const owner = { owner_email: created.ownerEmail, owner_password: created.ownerPassword };
  return Object.assign(toTenantDto(created), owner);
}

export function toTenantJobDto(job: TenantJob): TenantJobDto {
  return {
    id: job.id,
    kind: job.kind,
    subject_id: job.subjectId,
    subject_name: job.subjectName,
    status: job.status,
    done_rows: Number(job.doneRows),
    total_rows: job.totalRows === null ? null : Number(job.totalRows),
    error: job.error,
    requested_by: job.requestedBy,
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
  };
}

function statusOf(tenant: Tenant): TenantDto['status'] {
  if (tenant.removingAt) return 'deleting';
  return tenant.enabled ? 'active' : 'suspended';
}
