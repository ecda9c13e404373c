import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';
import { Config } from '../config.js';

const CHANNEL = 'toolcrib_changes';
const RECONNECT_DELAY_MS = 500;

/** Something changed that replicas hold in memory. Carries ids only: whoever listens reads the rest from its table. */
export type Change = { readonly kind: string; readonly id: string };

/** `change` is null after a lost connection: anything may have changed, so reload everything. */
export type ChangeListener = (change: Change | null) => Promise<void>;

/**
 * Tells every replica what a transaction changed, through Postgres LISTEN/NOTIFY: delivered on commit, dropped on
 * rollback, no second system. A replica whose LISTEN connection broke is told to reload everything once it is back.
 */
@Injectable()
export class ChangeBus implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ChangeBus.name);
  private readonly listeners = new Map<string, ChangeListener[]>();
  private client: Client | undefined;
  private stopping = false;

  constructor(private readonly config: Config) {}

  /** Part of the caller's transaction: nobody hears of it before the commit. */
  async publish(manager: EntityManager, change: Change): Promise<void> {
    await manager.query('SELECT pg_notify($1, $2)', [CHANNEL, JSON.stringify(change)]);
  }

  /** Register in `onModuleInit`; listening begins when the application has started. */
  subscribe(kind: string, listener: ChangeListener): void {
    this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), listener]);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.connect();
    await this.deliverToAll(null);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.config.databaseUrls.app,
      application_name: 'toolcrib-changes',
      keepAlive: true,
    });
    client.on('error', () => undefined); // 'end' follows and reconnects
    client.on('notification', (notification) => void this.deliver(notification.payload));
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    client.once('end', () => void this.reconnect());
    this.client = client;
  }

  private async reconnect(): Promise<void> {
    if (!this.stopping) this.logger.warn('Lost the connection that hears of changes; reconnecting');
    while (!this.stopping) {
      try {
        await this.connect();
        await this.deliverToAll(null);
        this.logger.log('Hearing of changes again; everything was reloaded');
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_DELAY_MS).unref());
      }
    }
  }

  private async deliver(payload: string | undefined): Promise<void> {
    const change = JSON.parse(payload ?? 'null') as Change | null;
    if (change) await this.tell(this.listeners.get(change.kind) ?? [], change);
  }

  private async deliverToAll(change: null): Promise<void> {
    await this.tell([...this.listeners.values()].flat(), change);
  }

  private async tell(listeners: readonly ChangeListener[], change: Change | null): Promise<void> {
    for (const listener of listeners) {
      await listener(change).catch((error: unknown) => {
        this.logger.error(`A change (${change?.kind ?? 'reload'}) could not be taken over: ${String(error)}`);
      });
    }
  }
}
