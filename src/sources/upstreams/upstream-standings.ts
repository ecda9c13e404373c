import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '../../platform/request-scope.js';
import type { UpstreamInfo } from './upstream-connection.js';
import type { UpstreamId } from './upstream-connections.js';
import { standingAfter, type UpstreamEvent } from './upstream-state.js';
import { Upstream } from './upstream.entity.js';

// Not through the entity: that would raise the version, which If-Match compares with.
const NOTE = `UPDATE upstreams SET state = $2::varchar, state_reason = $3, failures = $4, next_try_at = $5,
    state_since = CASE WHEN state = $2::varchar THEN state_since ELSE now() END,
    tools_read_at = CASE WHEN $6::boolean THEN now() ELSE tools_read_at END
  WHERE id = $1`;
const NOTE_INFO = `UPDATE upstreams SET verdict = $2::jsonb, server_info = $3::jsonb
  WHERE id = $1 AND (verdict IS DISTINCT FROM $2::jsonb OR server_info IS DISTINCT FROM $3::jsonb)`;
const TAKE_LEASE = `UPDATE upstreams SET reading_until = now() + make_interval(secs => $2), read_wanted_at = NULL
  WHERE id = $1 AND enabled AND (reading_until IS NULL OR reading_until < now()) RETURNING id`;
const WANT = `UPDATE upstreams SET read_wanted_at = now() WHERE id = $1 AND enabled`;
const END_LEASE = `UPDATE upstreams SET reading_until = NULL WHERE id = $1 RETURNING read_wanted_at IS NOT NULL AS "isWanted"`;

/** Writes how upstreams stand into their rows, where status, catalog and routing read it. */
@Injectable()
export class UpstreamStandings {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async note(of: UpstreamId, event: UpstreamEvent): Promise<void> {
    await inTenant(of.tenantId, () =>
      this.dataSource.transaction((manager) => this.noteIn(manager, of, event)),
    );
  }

  async noteIn(manager: EntityManager, { tenantId, id }: UpstreamId, event: UpstreamEvent): Promise<void> {
    const lock = { mode: 'pessimistic_write' } as const;
    const row = await manager.findOne(Upstream, { where: { id, tenantId }, lock });
    if (!row) return;
    const { state, stateReason: reason, failures, nextTryAt, toolsReadAt } = row;
    const now = new Date();
    const before = { state, reason, failures, nextTryAt };
    const after = standingAfter(before, event, { now, hasTools: toolsReadAt !== null });
    const isRead = event.kind === 'read';
    await manager.query(NOTE, [id, after.state, after.reason, after.failures, after.nextTryAt, isRead]);
  }

  /** Which era it speaks and what it says it is, for the next start. */
  async noteInfo({ tenantId, id }: UpstreamId, { verdict, serverInfo }: UpstreamInfo): Promise<void> {
    await inTenant(tenantId, () =>
      this.dataSource.query(NOTE_INFO, [id, JSON.stringify(verdict), JSON.stringify(serverInfo)]),
    );
  }

  /** @returns False: another replica reads it; it will do so once more. */
  async takeLease({ tenantId, id }: UpstreamId, seconds: number): Promise<boolean> {
    return inTenant(tenantId, async () => {
      const [taken] = await this.dataSource.query<[unknown[], number]>(TAKE_LEASE, [id, seconds]);
      if (taken.length > 0) return true;
      await this.dataSource.query(WANT, [id]);
      return false;
    });
  }

  /** @returns Whether somebody wants it read once more. */
  async endLease({ tenantId, id }: UpstreamId): Promise<boolean> {
    const [rows] = await inTenant(tenantId, () =>
      this.dataSource.query<[{ isWanted: boolean }[], number]>(END_LEASE, [id]),
    );
    return rows[0]?.isWanted ?? false;
  }
}
