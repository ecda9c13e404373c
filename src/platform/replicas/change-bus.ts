import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { agreeOn } from '../agreed-time.js';
import { messageOf } from '../errors.js';
import { newId } from '../new-id.js';
import { Config } from '../config.js';
import { Acknowledgements, type ChangeEffect } from './acknowledgements.js';
import { ChangeConnection } from './change-connection.js';
import { Replica } from './replica.js';
import { currentScope } from '../request-scope.js';

const CHANGES = 'toolcrib_changes';
const ACKS = 'toolcrib_acks';
const HEARTBEATS_PER_LEASE = 5;
const OWN_REFS_MAX = 1000;
const HEARTBEAT = `INSERT INTO replicas (id, name) VALUES ($1, $2)
  ON CONFLICT (id) DO UPDATE SET last_seen_at = clock_timestamp()
  RETURNING extract(epoch FROM database_clock())::float8 * 1000 AS "nowMs"`;
/**
 * A heartbeat in the future was noted before the clock of the database went back. It counts from now: a replica that lives sends the
 * next one, and one that died is not waited for longer than a lease.
 */
const BRING_BACK = `UPDATE replicas SET last_seen_at = clock_timestamp()
  WHERE id <> $1 AND last_seen_at > clock_timestamp() + interval '1 second'`;
/** Rows of processes that did not stop in order. */
const FORGET = `DELETE FROM replicas WHERE last_seen_at < now() - interval '1 hour'`;

/** What became of calls that are running when a key or tool they use is taken away: they finish, or they are aborted. */
export const IN_FLIGHT = ['drain', 'cut'] as const;
export type InFlight = (typeof IN_FLIGHT)[number];

/** Something changed that replicas hold in memory. Carries ids only: whoever listens reads the rest from its table. */
export type Change = { readonly kind: string; readonly id: string; readonly inFlight?: InFlight };

/** `change` is null after a lost connection: anything may have changed, so reload everything. */
export type ChangeListener = (change: Change | null) => Promise<void>;

/** `ref` names it in acknowledgements. */
export type Published = Change & { readonly ref: string };

/**
 * Tells every replica what a transaction changed, through Postgres LISTEN/NOTIFY: delivered on commit, dropped on
 * rollback, no second system. Each replica acknowledges once it has taken the change over, so the publisher knows when it
 * is in force everywhere. A replica whose connection broke reads everything anew once it is back; until then its lease
 * (see {@link Replica}) runs.
 */
@Injectable()
export class ChangeBus implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ChangeBus.name);
  private readonly listeners = new Map<string, ChangeListener[]>();
  private readonly published = new WeakMap<EntityManager, Published[]>();
  /** Taken over by the publisher itself, which does not wait to hear of its own change. */
  private readonly ownRefs = new Set<string>();
  private readonly connection: ChangeConnection;
  private readonly acks: Acknowledgements;
  private heartbeat: NodeJS.Timeout | undefined;
  private readonly firstRead = Promise.withResolvers<void>();
  /** Resolves once every listener has read what it keeps in memory for the first time: before that nothing may act on it. */
  readonly ready = this.firstRead.promise;
  private readingGeneration: number | undefined;

  constructor(
    private readonly config: Config,
    private readonly replica: Replica,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {
    this.acks = new Acknowledgements(config, replica, dataSource);
    this.connection = new ChangeConnection({
      url: config.databaseUrls.app,
      channels: [CHANGES, ACKS],
      timeoutMs: Math.ceil(config.env.REPLICA_LEASE_MS / 2),
      onNotification: (channel, payload) => this.hear(channel, payload),
      onConnected: () => this.begin(),
    });
  }

  get isListening(): boolean {
    return this.connection.isOpen;
  }

  /**
   * Part of the caller's transaction: nobody hears of it before the commit. Use it inside {@link commit}, which also waits
   * until the change is in force.
   */
  async publish(manager: EntityManager, change: Change): Promise<void> {
    const published = { ...change, ref: newId() };
    this.published.set(manager, [...(this.published.get(manager) ?? []), published]);
    await manager.query('SELECT pg_notify($1, $2)', [CHANGES, JSON.stringify(published)]);
  }

  /** Register in `onModuleInit`; listening begins when the application has started. */
  subscribe(kind: string, listener: ChangeListener): void {
    this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), listener]);
  }

  /**
   * One transaction, and then the time until what it published is in force on every live replica, at most
   * `CHANGE_WAIT_MS`. How that went is noted in the request scope, for the answer to tell. A failure of the work rolls back
   * and is thrown; once committed, it never throws.
   *
   * @param dataSource As whom: the service's role by default.
   */
  async commit<T>(
    work: (manager: EntityManager) => Promise<T>,
    dataSource: DataSource = this.dataSource,
  ): Promise<{ readonly result: T; readonly effect: ChangeEffect }> {
    let changes: readonly Published[] = [];
    const committed = dataSource.transaction(async (manager) => {
      const done = await work(manager);
      changes = this.published.get(manager) ?? [];
      for (const { ref } of changes) this.ownRefs.add(ref);
      return done;
    });
    // A COMMIT whose answer was lost may have happened: reading anew does no harm when it did not.
    committed.catch(() => void this.takeOverOwn(changes));
    const result = await committed;
    this.forgetOldRefs();
    const effect = await this.acks.wait(changes, () => this.takeOverOwn(changes));
    const scope = currentScope();
    if (scope) scope.effect = { ...effect, epoch: null };
    return { result, effect };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.connection.open();
    const { REPLICA_LEASE_MS } = this.config.env;
    this.heartbeat = setInterval(() => void this.beat(), REPLICA_LEASE_MS / HEARTBEATS_PER_LEASE).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.connection.run('DELETE FROM replicas WHERE id = $1', [this.replica.id]).catch(() => undefined);
    await this.connection.close();
  }

  /**
   * In this order: listening; then on the list of live replicas; then everything read; then serving. A change that commits
   * before we are on the list is in what we read, and for one that commits after, the publisher waits for us.
   */
  private async begin(): Promise<void> {
    this.replica.missChanges();
    await this.sendHeartbeat();
    await this.connection.run(FORGET, []);
    await this.readAnew();
  }

  private async beat(): Promise<void> {
    if (!this.connection.isOpen) return;
    try {
      if (!(await this.sendHeartbeat())) await this.readAnew();
    } catch {
      // The connection has ended and is being opened again.
    }
  }

  private async sendHeartbeat(): Promise<boolean> {
    const sentAtMs = performance.now();
    const [beat] = await this.connection.run(HEARTBEAT, [this.replica.id, this.replica.name]);
    agreeOn((beat as { nowMs: number }).nowMs, sentAtMs);
    await this.connection.run(BRING_BACK, [this.replica.id]);
    return this.replica.renew(sentAtMs);
  }

  private async readAnew(): Promise<void> {
    const generation = this.replica.currentGeneration;
    if (this.readingGeneration === generation) return;
    this.readingGeneration = generation;
    const isRead = await this.tell([...this.listeners.values()].flat(), null);
    if (!isRead) {
      this.readingGeneration = undefined;
      return;
    }
    this.replica.becomeFresh(generation);
    this.firstRead.resolve();
  }

  private hear(channel: string, payload: string): void {
    try {
      if (channel === ACKS) this.acks.hear(payload);
      else void this.takeOver(JSON.parse(payload) as Published);
    } catch {
      this.logger.warn(`A notification on ${channel} is not ours; it is ignored`);
    }
  }

  private async takeOver({ ref, ...change }: Published): Promise<void> {
    if (this.ownRefs.delete(ref)) return;
    if (!(await this.tell(this.listeners.get(change.kind) ?? [], change))) return;
    const ack = JSON.stringify({ ref, replica: this.replica.id });
    await this.connection.run('SELECT pg_notify($1, $2)', [ACKS, ack]).catch(() => undefined); // the publisher waits in vain and says so
  }

  private async takeOverOwn(changes: readonly Published[]): Promise<boolean> {
    let isTaken = true;
    for (const { ref: _ref, ...change } of changes) {
      isTaken = (await this.tell(this.listeners.get(change.kind) ?? [], change)) && isTaken;
    }
    return isTaken;
  }

  /** Those whose notification got lost with a connection. */
  private forgetOldRefs(): void {
    for (const ref of this.ownRefs) {
      if (this.ownRefs.size <= OWN_REFS_MAX) return;
      this.ownRefs.delete(ref);
    }
  }

  /** @returns Whether all of them took it over. */
  private async tell(listeners: readonly ChangeListener[], change: Change | null): Promise<boolean> {
    let isTaken = true;
    for (const listener of listeners) {
      await listener(change).catch((error: unknown) => {
        isTaken = false;
        this.logger.error(
          `A change (${change?.kind ?? 'reload'}) could not be taken over: ${messageOf(error)}`,
        );
      });
    }
    return isTaken;
  }
}
