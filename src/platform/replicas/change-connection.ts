import { Logger } from '@nestjs/common';
import { Client } from 'pg';

const RECONNECT_DELAY_MS = 250;

export type ChangeConnectionOptions = {
  readonly url: string;
  readonly channels: readonly string[];
  /** How long connecting or one statement may take before the connection counts as broken. */
  readonly timeoutMs: number;
  readonly onNotification: (channel: string, payload: string) => void;
  /** After every connecting, the first one included: what came before was missed. */
  readonly onConnected: () => Promise<void>;
};

/**
 * The connection over which a replica hears of changes (LISTEN). It opens itself again whenever it breaks; a peer that went
 * away without a word is noticed by the statements that are regularly sent over it.
 */
export class ChangeConnection {
  private readonly logger = new Logger(ChangeConnection.name);
  private client: Client | undefined;
  private lastQuery: Promise<unknown> = Promise.resolve();
  private stopping = false;

  constructor(private readonly options: ChangeConnectionOptions) {}

  get isOpen(): boolean {
    return this.client !== undefined;
  }

  /** The first connecting may fail; later ones are tried again for as long as it takes. */
  async open(): Promise<void> {
    const { url, channels, timeoutMs, onNotification, onConnected } = this.options;
    const client = new Client({
      connectionString: url,
      application_name: 'toolcrib-changes',
      keepAlive: true,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    client.on('error', () => undefined); // 'end' follows and reconnects
    client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload));
    let isOpened = false;
    let hasEnded = false;
    client.once('end', () => {
      hasEnded = true;
      if (isOpened) void this.reopen();
    });
    try {
      await client.connect();
      for (const channel of channels) await client.query(`LISTEN ${channel}`);
      this.client = client;
      this.lastQuery = Promise.resolve();
      await onConnected();
      if (hasEnded) throw new Error('The connection ended while everything was being read');
      isOpened = true;
    } catch (error) {
      this.client = undefined;
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Statements follow each other. One that fails or takes too long ends the connection, which opens anew. */
  run(text: string, values: readonly unknown[]): Promise<void> {
    const { client } = this;
    if (!client) return Promise.reject(new Error('The connection that hears of changes is not open'));
    const before = this.lastQuery.catch(() => undefined);
    const run = (async () => {
      await before;
      await client.query(text, [...values]);
    })();
    this.lastQuery = run;
    run.catch(() => void client.end().catch(() => undefined));
    return run;
  }

  async close(): Promise<void> {
    this.stopping = true;
    await this.client?.end().catch(() => undefined);
  }

  private async reopen(): Promise<void> {
    this.client = undefined;
    if (!this.stopping) this.logger.warn('Lost the connection that hears of changes; reconnecting');
    while (!this.stopping) {
      try {
        await this.open();
        this.logger.log('Hearing of changes again; everything was read anew');
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_DELAY_MS).unref());
      }
    }
  }
}
