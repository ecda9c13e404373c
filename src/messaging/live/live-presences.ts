import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { lock } from '../../platform/database/advisory-locks.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { Replica } from '../../platform/replicas/replica.js';
import { inTenant } from '../../platform/request-scope.js';
import { untilRead } from '../../platform/until-read.js';
import { Config } from '../../platform/config.js';
import { CLOSE, LiveClose } from './live-protocol.js';

export type Present = { readonly id: string; readonly tenantId: string; readonly userId: string };

const COUNT = `SELECT count(*)::int AS tenant, count(*) FILTER (WHERE p.user_id = $2)::int AS "user" FROM live_presence p
  JOIN replicas r ON r.id = p.replica_id AND r.last_seen_at > clock_timestamp() - make_interval(secs => $3 / 1000.0)
  WHERE p.tenant_id = $1`;
const ENTER = `INSERT INTO live_presence (connection_id, tenant_id, user_id, replica_id)
  SELECT c.id, $1, c.user_id, $2 FROM unnest($3::uuid[], $4::uuid[]) AS c(id, user_id) ON CONFLICT DO NOTHING`;
const LEAVE = 'DELETE FROM live_presence WHERE tenant_id = $1 AND connection_id = $2';

/** Who is connected, as rows that all replicas see and that count while the replica's heartbeat is fresh. */
@Injectable()
export class LivePresences implements OnModuleInit {
  private readonly logger = new Logger(LivePresences.name);
  private readonly own = new Map<string, Present>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly replica: Replica,
    private readonly config: Config,
    private readonly changeBus: ChangeBus,
  ) {}

  onModuleInit(): void {
    // Under this kind nothing is published; it is for the call that comes when the connection to the database was lost.
    this.changeBus.subscribe('live_presence', () => this.enterAgain());
  }

  /** @throws {LiveClose} The user or the tenant has as many connections as it may have, over all replicas. */
  async enter(present: Present): Promise<void> {
    const { tenantId, userId } = present;
    const { LIVE_CONNECTIONS_PER_USER, LIVE_CONNECTIONS_PER_TENANT, REPLICA_LEASE_MS } = this.config.env;
    await inTenant(tenantId, () =>
      this.dataSource.transaction(async (manager) => {
        await lock(manager, 'livePresence', tenantId);
        const parameters = [tenantId, userId, REPLICA_LEASE_MS];
        const [open] = await manager.query<[{ tenant: number; user: number }]>(COUNT, parameters);
        if (open.user >= LIVE_CONNECTIONS_PER_USER)
          throw new LiveClose(CLOSE.userFull, `You have ${open.user} connections already`);
        if (open.tenant >= LIVE_CONNECTIONS_PER_TENANT)
          throw new LiveClose(CLOSE.tenantFull, 'Your tenant has as many connections as it may have');
        await manager.query(ENTER, [tenantId, this.replica.id, [present.id], [userId]]);
      }),
    );
    this.own.set(present.id, present);
  }

  /** Never throws: while the database is away it is tried again. */
  async leave(id: string): Promise<void> {
    const present = this.own.get(id);
    if (!present || !this.own.delete(id)) return;
    const remove = () =>
      inTenant(present.tenantId, () => this.dataSource.query(LEAVE, [present.tenantId, id]));
    await untilRead(this.logger, 'Presence', remove);
  }

  /** The row of a replica that was away for long is removed, and with it those of its connections. */
  private async enterAgain(): Promise<void> {
    const present = [...this.own.values()];
    for (const tenantId of new Set(present.map((one) => one.tenantId))) {
      const all = present.filter((one) => one.tenantId === tenantId);
      const ids = all.map(({ id }) => id);
      const users = all.map(({ userId }) => userId);
      const enter = () => this.dataSource.query(ENTER, [tenantId, this.replica.id, ids, users]);
      await untilRead(this.logger, 'Presence', () => inTenant(tenantId, enter));
    }
  }
}
