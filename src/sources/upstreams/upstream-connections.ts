import type { Transport } from '@modelcontextprotocol/client';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Config } from '../../platform/config.js';
import { BusyError, ConflictError, UnavailableError } from '../../platform/errors.js';
import { FairPlaces } from '../../platform/fair-places.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { inTenant } from '../../platform/request-scope.js';
import { OutputTail } from './output-tail.js';
import { TransportMaker } from './transport-maker.js';
import { UpstreamConnection } from './upstream-connection.js';
import { connectFailure, SignInNeededError } from './upstream-failure.js';
import { waitAfter } from './upstream-state.js';
import { UpstreamTargetReader } from './upstream-target.js';
import { Upstream } from './upstream.entity.js';

/** Programs that are started at the same time: a hundred `npx` at once are an outage. */
const STARTS_MAX = 4;
const LOOK_FOR_IDLE_MS = 5000;
/** A program that lived so long did not crash at its start. */
const STABLE_MS = 60_000;

export type UpstreamId = { readonly tenantId: string; readonly id: string };
type Entry = {
  readonly of: UpstreamId;
  readonly stderr: OutputTail;
  noise: number;
  connection?: UpstreamConnection;
  opening?: Promise<UpstreamConnection>;
  /** Of the connection that is being opened. */
  transport?: Transport;
  openedMs: number;
  failures: number;
  /** Until then nobody tries, and the reason. */
  waitUntilMs: number;
  reason: string;
  secrets: readonly string[];
};
/** Told of what happens to connections; see `upstream-standings.ts`. */
export type ConnectionListener = {
  readonly opened: (upstream: Upstream, connection: UpstreamConnection) => Promise<void>;
  readonly toolsChanged: (of: UpstreamId) => void;
};

/**
 * Keeps this replica's connections to upstreams: made when the first call needs one, shared by all calls of the upstream and by no other, ended
 * when nobody has called for a while. What fails is left alone for longer and longer.
 */
@Injectable()
export class UpstreamConnections implements OnModuleInit, OnApplicationShutdown {
  private readonly entries = new Map<string, Entry>();
  private readonly starts = new FairPlaces(STARTS_MAX);
  private listener: ConnectionListener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly targets: UpstreamTargetReader,
    private readonly transports: TransportMaker,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe('upstream', (change) => {
      if (change) this.forget(change.id);
      else for (const id of this.entries.keys()) this.forget(id); // anything may have changed meanwhile
      return Promise.resolve();
    });
  }

  listen(listener: ConnectionListener): void {
    this.listener = listener;
  }

  /** @throws {UnavailableError} It cannot be reached, or is left alone for the moment. Nothing was sent. */
  async get(of: UpstreamId): Promise<UpstreamConnection> {
    const entry = this.entryOf(of);
    if (entry.connection?.isUsable) return entry.connection;
    const leftMs = entry.waitUntilMs - performance.now();
    if (leftMs > 0)
      throw new BusyError(`${entry.reason}; it is left alone for a moment`, Math.ceil(leftMs / 1000));
    entry.opening ??= this.open(entry).finally(() => (entry.opening = undefined));
    return entry.opening;
  }

  /** For somebody who asks on purpose: what failed before does not count. */
  async getNow(of: UpstreamId): Promise<UpstreamConnection> {
    this.entryOf(of).waitUntilMs = 0;
    return this.get(of);
  }

  /** The connection is of no use: the next call makes another one. */
  drop(of: UpstreamId, connection: UpstreamConnection): void {
    const entry = this.entries.get(of.id);
    if (entry?.connection === connection) entry.connection = undefined;
    connection.retire();
  }

  /** What its program wrote to its standard error, on this replica. */
  output({ id }: UpstreamId): {
    readonly stderr: string;
    readonly noiseLines: number;
    readonly isConnected: boolean;
  } {
    const entry = this.entries.get(id);
    if (!entry) return { stderr: '', noiseLines: 0, isConnected: false };
    const isConnected = entry.connection?.isUsable ?? false;
    return { stderr: entry.stderr.text(entry.secrets), noiseLines: entry.noise, isConnected };
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    const open = [...this.entries.values()];
    await Promise.all(
      open.map(async ({ opening, transport }) => {
        if (opening) await transport?.close().catch(() => undefined);
      }),
    );
    await Promise.all(open.map(async ({ connection }) => connection?.close()));
  }

  private forget(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.entries.delete(id);
    entry.connection?.retire(); // one that is being opened sees that its entry is gone
  }

  private entryOf(of: UpstreamId): Entry {
    const known = this.entries.get(of.id);
    if (known) return known;
    const entry: Entry = {
      of,
      stderr: new OutputTail(),
      noise: 0,
      openedMs: 0,
      failures: 0,
      waitUntilMs: 0,
      reason: '',
      secrets: [],
    };
    this.entries.set(of.id, entry);
    this.timer ??= setInterval(() => this.endIdle(), LOOK_FOR_IDLE_MS).unref();
    return entry;
  }

  private async open(entry: Entry): Promise<UpstreamConnection> {
    if (this.isStopping) throw new UnavailableError('The service stops');
    const { of } = entry;
    const upstream = await inTenant(of.tenantId, () =>
      this.dataSource.getRepository(Upstream).findOneBy({ id: of.id, tenantId: of.tenantId }),
    );
    if (!upstream) throw new UnavailableError('The upstream is gone');
    if (!upstream.enabled) throw new ConflictError(`The upstream '${upstream.name}' is off`);
    try {
      const connection = await this.inTurn(upstream, () => this.connect(entry, upstream));
      await this.listener?.opened(upstream, connection);
      return connection;
    } catch (error) {
      const failure = connectFailure(upstream.name, error, entry.secrets);
      this.leaveAlone(entry, failure);
      throw failure;
    }
  }

  private async connect(entry: Entry, upstream: Upstream): Promise<UpstreamConnection> {
    const { of } = entry;
    const secrets = this.targets.secretsOf(upstream);
    entry.secrets = Object.values(secrets);
    const target = this.targets.targetOf(upstream, secrets);
    const { transport, release } = this.transports.make(upstream.transport, target, {
      stderr: entry.stderr,
      onNoise: () => entry.noise++,
    });
    entry.transport = transport;
    let opened: UpstreamConnection | undefined;
    opened = await UpstreamConnection.open(upstream.name, entry.secrets, {
      transport,
      verdict: upstream.verdict,
      connectMs: this.config.env.UPSTREAM_CONNECT_SECONDS * 1000,
      onToolsChanged: () => this.listener?.toolsChanged(of),
      onClose: () => {
        release();
        this.closed(entry, opened);
      },
    }).catch((error: unknown) => {
      release();
      throw error;
    });
    entry.connection = opened;
    entry.openedMs = performance.now();
    if (upstream.transport !== 'stdio') entry.failures = 0;
    if (this.entries.get(of.id) !== entry) opened.retire(); // changed meanwhile
    return opened;
  }

  /** A program that ends by itself soon after its start is in a crash loop before long. */
  private closed(entry: Entry, connection: UpstreamConnection | undefined): void {
    if (!connection || entry.connection !== connection) return;
    entry.connection = undefined;
    if (connection.isRetiredByUs || this.isStopping) return;
    if (performance.now() - entry.openedMs > STABLE_MS) entry.failures = 0;
    else this.leaveAlone(entry, new UnavailableError('The upstream ended by itself soon after its start'));
  }

  private leaveAlone(entry: Entry, failure: UnavailableError): void {
    entry.failures++;
    entry.reason = failure.message;
    const isFirst = entry.failures === 1; // it may be a one-off: the next call tries at once
    const waitMs = isFirst || failure instanceof SignInNeededError ? 0 : waitAfter(entry.failures - 1);
    entry.waitUntilMs = performance.now() + waitMs;
  }

  private inTurn<T>({ transport, tenantId }: Upstream, work: () => Promise<T>): Promise<T> {
    if (transport !== 'stdio') return work();
    return new Promise<T>((resolve, reject) => {
      this.starts.enterLater(tenantId, () => {
        void work()
          .then(resolve, reject)
          .finally(() => this.starts.leave(tenantId));
      });
    });
  }

  private endIdle(): void {
    const oldest = performance.now() - this.config.env.UPSTREAM_IDLE_SECONDS * 1000;
    for (const entry of this.entries.values()) {
      const { connection } = entry;
      if (!connection?.isIdle || connection.lastUsedMs > oldest) continue;
      entry.connection = undefined;
      connection.retire();
    }
  }
}
