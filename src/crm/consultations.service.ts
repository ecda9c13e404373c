import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { toPage } from '../platform/rest/paging.js';
import type { ConsultationOutcome } from './consultation.entity.js';
import { DirectoryService } from './directory.service.js';
import { decodeTimeCursor, timeKey } from './time-cursor.js';

/** A consultation with the names of those it refers to. */
export type ConsultationRecord = {
  readonly id: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Null until the consultation is over. */
  readonly outcome: ConsultationOutcome | null;
  readonly notes: string;
  readonly consultantId: string | null;
  readonly consultant: string | null;
  readonly projectId: string | null;
  readonly project: string | null;
};

const RECORDS = `SELECT c.id, c.started_at AS "startedAt", c.ended_at AS "endedAt", c.outcome, c.notes,
    c.consultant_id AS "consultantId", u.display_name AS consultant, c.project_id AS "projectId", p.name AS project
  FROM consultations c LEFT JOIN users u ON u.id = c.consultant_id LEFT JOIN projects p ON p.id = c.project_id
  WHERE c.tenant_id = $1 AND c.user_id = $2`;
const NEWEST_FIRST = 'ORDER BY c.started_at DESC, c.id DESC LIMIT $3';

/** Reads the talks that consultants had with customers. */
@Injectable()
export class ConsultationsService {
  constructor(
    private readonly directory: DirectoryService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Newest first. */
  async listConsultations(
    caller: Caller,
    userId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<ConsultationRecord>> {
    await this.directory.getCustomer(caller, { id: userId });
    const parameters: unknown[] = [caller.tenantId, userId, limit + 1];
    let after = '';
    if (cursor !== undefined) {
      const { time, id } = decodeTimeCursor(cursor);
      after = 'AND (c.started_at, c.id) < ($4::timestamptz, $5::uuid)';
      parameters.push(time, id);
    }
    const rows = await this.dataSource.query<ConsultationRecord[]>(
      `${RECORDS} ${after} ${NEWEST_FIRST}`,
      parameters,
    );
    return toPage(rows, limit, (row) => timeKey(row.startedAt, row.id));
  }
}
