import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { messageOf } from '../../platform/errors.js';

const WRITE_AFTER_MS = 30_000;
const UPDATE = `UPDATE mcp_group_keys AS key SET last_used_at = used.at
  FROM unnest($1::uuid[], $2::timestamptz[]) AS used(id, at)
  WHERE key.id = used.id AND (key.last_used_at IS NULL OR key.last_used_at < used.at)`;

/**
 * When each key was last used, gathered in memory and written now and then: a write per call would cost more than the
 * call. What a crash loses is at most half a minute of this column; the call log has every call.
 */
@Injectable()
export class KeyUsage implements OnApplicationShutdown {
  private readonly logger = new Logger(KeyUsage.name);
  private usedAtMs = new Map<string, number>();
  /** Runs only while there is something to write. */
  private timer: NodeJS.Timeout | undefined;

  constructor(@InjectDataSource(SYSTEM_DATABASE) private readonly dataSource: DataSource) {}

  note(keyId: string): void {
    this.usedAtMs.set(keyId, Date.now());
    this.writeLater();
  }

  async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const used = this.usedAtMs;
    if (used.size === 0) return;
    this.usedAtMs = new Map();
    const times = [...used.values()].map((ms) => new Date(ms).toISOString());
    try {
      await this.dataSource.query(UPDATE, [[...used.keys()], times]);
    } catch (error) {
      this.usedAtMs = new Map([...used, ...this.usedAtMs]);
      this.writeLater();
      this.logger.warn(
        `When keys were last used could not be written; trying again later: ${messageOf(error)}`,
      );
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.write();
    clearTimeout(this.timer);
  }

  private writeLater(): void {
    this.timer ??= setTimeout(() => void this.write(), WRITE_AFTER_MS).unref();
  }
}
