import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { messageOf } from '../platform/errors.js';
import { newId } from '../platform/new-id.js';
import { markPickedUp } from '../platform/replicas/domain-events.js';
import { redactText } from '../platform/secrets/redact.js';
import { SYSTEM_DATABASE } from '../platform/database/system-database.js';
import { JOB_CHANNEL } from './job-channel.js';
import { JobRegistry } from './job-registry.js';

const BATCH = 500;
/** What waits and was not to be had is in the hands of another replica, which may die over it. */
const LOCKED_WAIT_MS = 1000;
const DATABASE_AWAY_MS = 500;

const WAITING = `FROM domain_events e JOIN tenants t ON t.id = e.tenant_id AND t.enabled AND t.removing_at IS NULL
  WHERE e.picked_up_at IS NULL AND e.kind = ANY ($1)`;
const TAKE = `SELECT e.id, e.tenant_id AS "tenantId", e.kind, e.payload ${WAITING}
  ORDER BY e.id LIMIT ${BATCH} FOR UPDATE OF e SKIP LOCKED`;
const ENQUEUE = `WITH made AS (
    INSERT INTO jobs (id, tenant_id, kind, payload)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) RETURNING id)
  SELECT count(*), pg_notify('${JOB_CHANNEL}', '')::text FROM made`;
const IS_WAITING = `SELECT EXISTS (SELECT 1 ${WAITING}) AS "isWaiting"`;

type TakenEvent = {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: string;
  readonly payload: object;
};

/**
 * Makes the jobs that begin with an event (`on` of `@Job`): one for each handler, in the transaction that marks the event as picked
 * up. Every replica looks when it hears of one, when it has (again) a connection and when a tenant changed; nothing polls. Events
 * of a suspended tenant wait.
 */
@Injectable()
export class EventPickup {
  private readonly logger = new Logger(EventPickup.name);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isLookWanted = false;
  private isStopping = false;
  private isFailing = false;

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly registry: JobRegistry,
  ) {}

  /** Returns at once. */
  look(): void {
    this.isLookWanted = true;
    if (this.isStopping || this.registry.events().length === 0) return;
    this.looking ??= this.lookWhileWanted().finally(() => {
      this.looking = undefined;
      if (this.isLookWanted) this.look(); // wanted while it was coming to its end
    });
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private async lookWhileWanted(): Promise<void> {
    clearTimeout(this.timer);
    let waitMs: number | null = null;
    try {
      while (this.isLookWanted && !this.isStopping) {
        this.isLookWanted = false;
        waitMs = await this.pickUpAll();
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.logger.warn(`Events cannot be picked up; trying again: ${redactText(messageOf(error))}`);
      this.isFailing = true;
      waitMs = DATABASE_AWAY_MS;
    }
    if (waitMs !== null && !this.isStopping) this.timer = setTimeout(() => this.look(), waitMs).unref();
  }

  /** @returns When to look again by itself; null: there is no need to. */
  private async pickUpAll(): Promise<number | null> {
    const kinds = this.registry.events();
    for (let taken = BATCH; taken === BATCH && !this.isStopping;)
      taken = await this.system.transaction((manager) => this.pickUp(manager, kinds));
    const [{ isWaiting }] = await this.system.query<[{ isWaiting: boolean }]>(IS_WAITING, [kinds]);
    return isWaiting ? LOCKED_WAIT_MS : null;
  }

  private async pickUp(manager: EntityManager, kinds: readonly string[]): Promise<number> {
    const events = await manager.query<TakenEvent[]>(TAKE, [kinds]);
    if (events.length === 0) return 0;
    const jobs = events.flatMap((event) =>
      this.registry.startedBy(event.kind).map(({ kind }) => ({ ...event, id: newId(), kind })),
    );
    await manager.query(ENQUEUE, [
      jobs.map(({ id }) => id),
      jobs.map(({ tenantId }) => tenantId),
      jobs.map(({ kind }) => kind),
      jobs.map(({ payload }) => JSON.stringify(payload)),
    ]);
    await markPickedUp(
      manager,
      events.map(({ id }) => id),
    );
    return events.length;
  }
}
