import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LiveTopics } from '../../messaging/live/live-topics.js';

/** A record older than that is none that somebody waits for: so the planner looks at one partition of the log, or two. */
const NEWEST_CALL = `SELECT id FROM mcp_call_logs
  WHERE tenant_id = $1 AND created_at > now() - interval '10 minutes' ORDER BY created_at DESC, id DESC LIMIT 1`;
const NEWEST_CHANGE = `SELECT id FROM admin_audit_logs WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1`;

/** What the console watches: calls as they are recorded, and what other admins change. */
@Injectable()
export class AdminLiveTopics implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly topics: LiveTopics,
  ) {}

  onModuleInit(): void {
    this.topics.register('calls', { permission: 'calls.read', newest: (id) => this.find(NEWEST_CALL, id) });
    this.topics.register('changes', {
      permission: 'own.read',
      newest: (id) => this.find(NEWEST_CHANGE, id),
    });
  }

  private async find(sql: string, tenantId: string): Promise<string | null> {
    const rows = await this.dataSource.query<{ id: string }[]>(sql, [tenantId]);
    return rows[0]?.id ?? null;
  }
}
