import { Logger } from '@nestjs/common';
import { DatabaseClient } from '../database/database-client.js';
import { cutLine, endLine, KEEP_ALIVE } from '../database/line.js';

const RECONNECT_DELAY_MS = 250;
const BEAT_MS = 2000;
/** Longer than any statement takes that is sent here. */
const ANSWER_MAX_MS = 3000;

export type ChangeConnectionOptions = {
  readonly url: string;
  readonly channels: readonly string[];
  /** How long connecting or one statement may take before the connection counts as broken; three seconds are the most. */
  readonly timeoutMs: number;
  readonly onNotification: (channel: string, payload: string) => void;
  /** After every connecting, the first one included: what came before was missed. */
  readonly onConnected: () => Promise<void>;
};

/**
 * The connection over which a replica hears of changes (LISTEN). It opens itself again whenever it breaks; a peer that went
 * away without a word is noticed by a statement every two seconds that gets no answer.
 */
export class ChangeConnection {
  private readonly logger = new Logger(ChangeConnection.name);
  private client: DatabaseClient | undefined;
  private lastQuery: Promise<unknown> = Promise.resolve();
  private beat: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(private readonly options: ChangeConnectionOptions) {}

  get isOpen(): boolean {
    return this.client !== undefined;
  }

  /** The first connecting may fail; later ones are tried again for as long as it takes. */
  async open(): Promise<void> {
    const { url, channels, onNotification, onConnected } = this.options;
    const timeoutMs = Math.min(this.options.timeoutMs, ANSWER_MAX_MS);
    const client = new DatabaseClient({
      connectionString: url,
      application_name: 'toolcrib-changes',
      ...KEEP_ALIVE,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    client.on('error', () => undefined); // 'end' follows and reconnects
    client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload));
    let isOpened = false;
    const ended = new Promise<never>((_resolve, reject) => {
      client.once('end', () => {
        reject(new Error('The connection ended while everything was being read'));
        if (isOpened) void this.reopen();
      });
    });
    ended.catch(() => undefined);
    try {
      await client.connect();
      for (const channel of channels) await client.query(`LISTEN ${channel}`);
      if (this.stopping) throw new Error('It is not wanted any more');
      this.client = client;
      this.lastQuery = Promise.resolve();
      this.beat = setInterval(() => void this.run('SELECT 1', []).catch(() => undefined), BEAT_MS).unref();
      // What is read may hang on a connection of somebody else's; this one is good or it is not.
      await Promise.race([onConnected(), ended]);
      isOpened = true;
    } catch (error) {
      this.forget();
      await endLine(client);
      throw error;
    }
  }

  /** Statements follow each other. One that fails or takes too long ends the connection, which opens anew. */
  run(text: string, values: readonly unknown[]): Promise<readonly object[]> {
    const { client } = this;
    if (!client) return Promise.reject(new Error('The connection that hears of changes is not open'));
    const before = this.lastQuery.catch(() => undefined);
    const run = (async () => {
      await before;
      return (await client.query<object>(text, [...values])).rows;
    })();
    this.lastQuery = run;
    run.catch(() => cutLine(client));
    return run;
  }

  async close(): Promise<void> {
    this.stopping = true;
    clearInterval(this.beat);
    if (this.client) await endLine(this.client);
  }

  private forget(): void {
    clearInterval(this.beat);
    this.client = undefined;
  }

  private async reopen(): Promise<void> {
    this.forget();
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
