import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { AppError, ConflictError, messageOf, NotFoundError } from '../../platform/errors.js';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTenant } from '../../platform/request-scope.js';
import type { FoundTool, SyncResult } from '../source-tools.js';
import { type UpstreamId, UpstreamConnections } from './upstream-connections.js';
import { connectFailure, SignInNeededError } from './upstream-failure.js';
import { UpstreamStandings } from './upstream-standings.js';
import { UpstreamWriter } from './upstream-writer.js';
import { Upstream } from './upstream.entity.js';

const LIST_MS = 60_000;
/** Beyond the longest reading. */
const LEASE_MARGIN_SECONDS = 90;
/** Twenty changes in a second are read three times at most. */
const SETTLE_MS = 400;

/** What came of reading an upstream's definitions; null: another replica is at it. */
export type Reading = SyncResult | null;

/** Reads what upstreams offer, on one replica at a time, and keeps it as their tenants allow. */
@Injectable()
export class UpstreamReader implements OnModuleInit {
  private readonly logger = new Logger(UpstreamReader.name);
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  /** On this replica; whoever asks meanwhile joins. */
  private readonly reading = new Map<string, Promise<Reading>>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly connections: UpstreamConnections,
    private readonly standings: UpstreamStandings,
    private readonly writer: UpstreamWriter,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.connections.listen({
      opened: (upstream, connection) => this.standings.noteInfo(upstream, connection.info()),
      toolsChanged: (of) => this.readSoon(of),
    });
  }

  /** Once what changes has settled; a failure is noted with the upstream. */
  readSoon(of: UpstreamId): void {
    if (this.waiting.has(of.id)) return;
    const timer = setTimeout(() => {
      this.waiting.delete(of.id);
      this.read(of).catch((error: unknown) => this.logger.debug(`Upstream ${of.id}: ${messageOf(error)}`));
    }, SETTLE_MS);
    this.waiting.set(of.id, timer.unref());
  }

  /**
   * Reads all definitions now.
   *
   * @throws {AppError} It cannot be reached, or does not answer as it should; how it stands is noted.
   */
  read(of: UpstreamId): Promise<Reading> {
    const running = this.reading.get(of.id);
    if (running) return running;
    const reading = this.readAlone(of).finally(() => this.reading.delete(of.id));
    this.reading.set(of.id, reading);
    return reading;
  }

  private async readAlone(of: UpstreamId): Promise<Reading> {
    const { enabled, name } = await this.find(of);
    if (!enabled) throw new ConflictError(`The upstream '${name}' is off`);
    const leaseSeconds = this.config.env.UPSTREAM_CONNECT_SECONDS + LEASE_MARGIN_SECONDS;
    if (!(await this.standings.takeLease(of, leaseSeconds))) return null;
    try {
      return await this.readLeased(of);
    } finally {
      if (await this.standings.endLease(of)) this.readSoon(of);
    }
  }

  /** Connects and lists, and keeps nothing. */
  async look(of: UpstreamId): Promise<readonly FoundTool[]> {
    const connection = await this.connections.getNow(of);
    try {
      return await connection.listTools('', AbortSignal.timeout(LIST_MS));
    } catch (error) {
      this.connections.drop(of, connection);
      throw connectFailure(connection.name, error, connection.secrets);
    }
  }

  private async readLeased(of: UpstreamId): Promise<SyncResult> {
    const upstream = await this.find(of);
    try {
      const connection = await this.connections.getNow(of);
      const found = await connection
        .listTools(upstream.prefix, AbortSignal.timeout(LIST_MS))
        .catch((error: unknown) => {
          this.connections.drop(of, connection);
          throw connectFailure(upstream.name, error, connection.secrets);
        });
      return await this.writer.keepTools(upstream, found);
    } catch (error) {
      const reason = error instanceof AppError ? error.message : 'Its definitions could not be kept';
      const kind = error instanceof SignInNeededError ? 'sign_in_needed' : 'failed';
      await this.standings.note(of, { kind, reason });
      throw error;
    }
  }

  private async find({ tenantId, id }: UpstreamId): Promise<Upstream> {
    const repository = this.dataSource.getRepository(Upstream);
    const upstream = await inTenant(tenantId, () => repository.findOneBy({ id, tenantId }));
    if (!upstream) throw new NotFoundError(`No upstream ${id}`);
    return upstream;
  }
}
