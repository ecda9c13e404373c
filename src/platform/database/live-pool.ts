import { type ClientBase, type ClientConfig, Pool, type PoolClient, type PoolConfig } from 'pg';
import { type DatabaseClient, QuickClient } from './database-client.js';
import { connectFailure, faultOf } from './database-faults.js';
import { bytesHeard, cutLine, endLine, isOwedAnswer, KEEP_ALIVE, onServerError } from './line.js';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

const WAIT_MAX_MS = 10_000;
const LOOK_MS = 500;
/** A connection that lay idle for longer shows that it lives before it is given to anybody. */
const BELIEVED_MS = 1000;
const PROOF_MAX_MS = 2000;
/** Who owes an answer for so long is asked after. */
const SILENT_MS = 2000;
const ASK_AGAIN_MS = 4000;
const ASK_MAX_MS = 3000;
/** Where nobody can be asked either. */
const GIVE_UP_MS = 10_000;
/** A database that only reads for longer does not cost its readers all connections with each write. */
const EMPTY_AGAIN_MS = 1000;

/** Those of our sessions that are at work, or were a moment ago: then their answer is on its way. */
const AT_WORK = `SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1) AND usename = session_user
  AND (coalesce(state, '') NOT LIKE 'idle%' OR state_change > clock_timestamp() - make_interval(secs => $2 / 1000.0))`;

/** What is known of one connection. Times are `performance.now()`. */
type Held = {
  pid: number;
  isIdle: boolean;
  /** It is not used again. */
  isSpoiled: boolean;
  /** When somebody last gave it back. */
  usedAtMs: number;
  heardBytes: number;
  /** When it last heard from the server, or was owed nothing. */
  heardAtMs: number;
};

/**
 * Drops connections that are no good any more, whatever they were lost to: a host that vanished without a word and whose
 * successor answers, a fail-over that left the session with a server that only reads.
 *
 * No statement has a time limit: an export or a migration may take as long as it likes. Instead, where an answer is owed for two
 * seconds the server is asked over a connection of its own whether the session is at work. One that is unknown there, or idle,
 * ends at once; when the server cannot be asked, it ends after ten seconds of silence. What the statement's sender gets
 * counts as {@link faultOf} `away`.
 */
export class LivePool extends Pool {
  private readonly held = new Map<ClientBase, Held>();
  private watch: NodeJS.Timeout | undefined;
  private isAsking = false;
  private askAgainAtMs = -Infinity;
  /** Nobody could be asked when last somebody was silent. */
  private isAway = false;
  private emptiedAtMs = -Infinity;

  constructor(config: PoolConfig) {
    super({
      connectionTimeoutMillis: WAIT_MAX_MS,
      ...config,
      ...KEEP_ALIVE,
      Client: config.Client ?? QuickClient,
    });
    const bring: ((client: ClientBase) => unknown) | undefined = this.options.onConnect;
    // The pool awaits it, whatever its types say.
    const onConnect = async (client: ClientBase) => {
      this.hold(client);
      await bring?.(client);
    };
    Object.assign(this.options, { onConnect });
    this.on('acquire', (client) => this.note(client, { isIdle: false }));
    this.on('release', (_error, client) => this.note(client, { isIdle: true, usedAtMs: performance.now() }));
  }

  /** @returns The server's process behind a connection; a pooler in between makes up another number. */
  protected pidOf(client: ClientBase): number {
    return this.held.get(client)?.pid ?? 0;
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    if (callback) return this.takeLive(performance.now() + WAIT_MAX_MS, callback);
    return new Promise((resolve, reject) => {
      this.connect((error, client) => (client ? resolve(client) : reject(error)));
    });
  }

  private takeLive(deadlineMs: number, callback: ConnectCallback): void {
    super.connect((error, client, letGo) => {
      if (!client) return callback(connectFailure(error!), undefined, () => undefined);
      const release: Release = (failure) => letGo(failure || this.held.get(client)?.isSpoiled);
      client.release = release;
      if (this.isBelieved(client)) return callback(undefined, client, release);
      this.prove(client, (failure) => {
        if (!failure) return callback(undefined, client, release);
        release(failure);
        this.cutIdle();
        if (performance.now() < deadlineMs) return this.takeLive(deadlineMs, callback);
        callback(connectFailure(failure), undefined, () => undefined);
      });
    });
  }

  private isBelieved(client: PoolClient): boolean {
    const { usedAtMs = -Infinity } = this.held.get(client) ?? {};
    return performance.now() - usedAtMs < BELIEVED_MS;
  }

  private prove(client: PoolClient, done: (failure: Error | null) => void): void {
    const timer = setTimeout(() => cutLine(client), PROOF_MAX_MS);
    client.on('error', ignore);
    client.query('SELECT 1', (failure: Error | null) => {
      clearTimeout(timer);
      client.off('error', ignore);
      done(failure);
    });
  }

  private hold(client: ClientBase): void {
    const now = performance.now();
    this.held.set(client, {
      pid: (client as DatabaseClient).backendPid ?? 0,
      isIdle: false,
      isSpoiled: false,
      usedAtMs: now,
      heardBytes: 0,
      heardAtMs: now,
    });
    this.watch ??= setInterval(() => this.look(), LOOK_MS).unref();
    client.once('end', () => {
      this.held.delete(client);
      if (this.held.size > 0) return;
      clearInterval(this.watch);
      this.watch = undefined;
    });
    onServerError(client, (error) => {
      if (faultOf(error) === 'read_only') this.spoil(client);
    });
  }

  private note(client: ClientBase, news: Partial<Held>): void {
    const held = this.held.get(client);
    if (held) Object.assign(held, news);
  }

  /** The session's server takes no changes any more, nor does that of those opened with it. */
  private spoil(client: ClientBase): void {
    this.note(client, { isSpoiled: true });
    const now = performance.now();
    if (now - this.emptiedAtMs < EMPTY_AGAIN_MS) return;
    this.emptiedAtMs = now;
    for (const [other, { isIdle }] of this.held) {
      if (isIdle) cutLine(other);
      else this.note(other, { isSpoiled: true });
    }
  }

  /** One that does not answer says that those beside it do not either; new ones cost little. */
  private cutIdle(): void {
    for (const [client, { isIdle }] of this.held) if (isIdle) cutLine(client);
  }

  private look(): void {
    const now = performance.now();
    for (const [client, held] of this.held) {
      const bytes = bytesHeard(client);
      if (bytes === held.heardBytes && isOwedAnswer(client)) continue;
      held.heardBytes = bytes;
      held.heardAtMs = now;
    }
    const silent = [...this.held].filter(([, { heardAtMs }]) => now - heardAtMs > SILENT_MS);
    if (silent.length === 0) this.isAway = false;
    if (this.isAway)
      for (const [client, { heardAtMs }] of silent) if (now - heardAtMs > GIVE_UP_MS) cutLine(client);
    if (silent.length === 0 || this.isAsking || now < this.askAgainAtMs) return;
    this.isAsking = true;
    void this.askAfter(silent.map(([client]) => client)).finally(() => {
      this.isAsking = false;
      this.askAgainAtMs = performance.now() + ASK_AGAIN_MS;
    });
  }

  private async askAfter(silent: readonly ClientBase[]): Promise<void> {
    const bytesBefore = new Map(silent.map((client) => [client, bytesHeard(client)]));
    const isStillSilent = (client: ClientBase) =>
      isOwedAnswer(client) && bytesHeard(client) === bytesBefore.get(client);
    const pids = silent.map((client) => this.pidOf(client));
    try {
      const atWork = await this.aside<{ pid: number }>(AT_WORK, [pids, SILENT_MS]);
      const known = new Set(atWork.map(({ pid }) => pid));
      this.isAway = false;
      const lost = silent.filter((client) => isStillSilent(client) && !known.has(this.pidOf(client)));
      for (const client of lost) cutLine(client);
      if (lost.length > 0) this.cutIdle();
    } catch (error) {
      this.isAway = faultOf(error) === 'away'; // else it lives, and has no connection to spare
    }
  }

  /** Over a connection of its own: the pool may be taken up by the very statements that it is about. */
  protected async aside<Row extends object>(sql: string, parameters: unknown[]): Promise<Row[]> {
    const client = new QuickClient({ ...this.asideOptions(), query_timeout: ASK_MAX_MS });
    client.on('error', ignore);
    try {
      await client.connect();
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await endLine(client);
    }
  }

  /** The password is not enumerable in the pool's options. */
  private asideOptions(): ClientConfig {
    const { options } = this;
    return { ...options, password: options.password };
  }
}

/** The query fails with it. */
function ignore(): void {}
