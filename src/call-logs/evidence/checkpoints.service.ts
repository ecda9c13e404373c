import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, LessThan } from 'typeorm';
import { lock, tryLock } from '../../platform/database/advisory-locks.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { Caller } from '../../access/caller.js';
import {
  CallLogCheckpoint,
  CallLogDelivery,
  CallLogSigningKey,
  CallLogUncovered,
} from '../chain/call-log-checkpoint.entity.js';
import {
  type ChainHead,
  chainsRoot,
  checkpointHash,
  checkpointText,
  parseCheckpoint,
} from '../chain/checkpoint-text.js';
import { NO_HASH } from '../chain/record-hash.js';
import { published, SigningKey } from '../chain/signing-key.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError } from '../../platform/errors.js';
import { decodeCursor, notACursor, toPage } from '../../platform/rest/paging.js';
import type { PageQueryDto } from '../../platform/rest/rest.dto.js';
import { Config } from '../../platform/config.js';
import { CHAIN_HEADS } from './chain-heads.js';
import { GenuineCheckpoints } from './genuine-checkpoints.js';

const NO_KEY =
  'This installation has no key to sign checkpoints with. Set CHECKPOINT_KEY (openssl rand -base64 32) and restart';

/** What this replica has signed last for a tenant: from it follows which chains have grown. */
type Known = { readonly number: number; readonly heads: ReadonlyMap<string, string> };

/** Makes signed checkpoints of tenants' logs, and shows them. */
@Injectable()
export class CheckpointsService {
  private readonly known = new Map<string, Known>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly signingKey: SigningKey,
    private readonly genuine: GenuineCheckpoints,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /** Makes the public key known to whoever reads the database later, also when another one signs by then, and since when it signs. */
  async publishKey(): Promise<void> {
    const { pair } = this.signingKey;
    if (!pair) return;
    await this.dataSource
      .createQueryBuilder()
      .insert()
      .into(CallLogSigningKey)
      .values(published(pair))
      .orIgnore()
      .execute();
  }

  get canSign(): boolean {
    return this.signingKey.keyId !== undefined;
  }

  /** When the tenant's log has grown, and no other replica is at it. Belongs into the tenant's unit of work. */
  async makeIfChanged(tenantId: string): Promise<CallLogCheckpoint | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const taken = await tryLock(manager, 'checkpoint', tenantId);
      return taken ? this.make(manager, tenantId, { always: false }) : undefined;
    });
  }

  /** @throws {ConflictError} There is no signing key. */
  async makeNow(caller: Caller): Promise<CallLogCheckpoint> {
    if (!this.canSign) throw new ConflictError(NO_KEY);
    return this.dataSource.transaction(async (manager) => {
      await lock(manager, 'checkpoint', caller.tenantId);
      const made = await this.make(manager, caller.tenantId, { always: true });
      if (!made) throw new ConflictError(NO_KEY);
      const target = { kind: 'checkpoint', id: caller.tenantId, name: String(made.number) };
      await this.audit.record(manager, caller, { action: 'call_log.checkpoint', target });
      return made;
    });
  }

  /** Newest first. */
  async list(caller: Caller, query: PageQueryDto): Promise<Page<CallLogCheckpoint>> {
    const before = query.cursor === undefined ? undefined : readNumber(query.cursor);
    const rows = await this.dataSource.getRepository(CallLogCheckpoint).find({
      where: { tenantId: caller.tenantId, ...(before !== undefined && { number: LessThan(before) }) },
      order: { number: 'DESC' },
      take: query.limit + 1,
    });
    return toPage(rows, query.limit, ({ number }) => [number]);
  }

  async listDeliveries(caller: Caller): Promise<CallLogDelivery[]> {
    return this.dataSource
      .getRepository(CallLogDelivery)
      .find({ where: { tenantId: caller.tenantId }, order: { target: 'ASC' } });
  }

  /** Oldest first. */
  async listKeys(): Promise<CallLogSigningKey[]> {
    return this.dataSource
      .getRepository(CallLogSigningKey)
      .find({ order: { createdAt: 'ASC', keyId: 'ASC' } });
  }

  private async make(
    manager: EntityManager,
    tenantId: string,
    { always }: { always: boolean },
  ): Promise<CallLogCheckpoint | undefined> {
    const heads = await this.readHeads(manager, tenantId);
    const last = await this.genuine.findNewest(manager, tenantId);
    const chains = { count: heads.length, rootHex: chainsRoot(heads) };
    const lastChains = last ? parseCheckpoint(last.text)?.chains : { count: 0, rootHex: NO_HASH };
    const isSame = lastChains?.count === chains.count && lastChains.rootHex === chains.rootHex;
    if (isSame && !always) return undefined;
    const uncovered = await manager.findOneBy(CallLogUncovered, { tenantId });
    const number = await this.genuine.nextNumber(manager, tenantId, last?.number ?? 0);
    const createdAt = new Date();
    const text = checkpointText({
      tenantId,
      number,
      time: createdAt,
      every: this.config.env.CHECKPOINT_EVERY_SECONDS,
      previousHex: last ? checkpointHash(last.text) : NO_HASH,
      records: heads.reduce((sum, { total }) => sum + total, 0),
      uncovered: { records: Number(uncovered?.records ?? 0), newestAt: uncovered?.newestAt ?? null },
      chains,
      heads: this.grown(tenantId, number, heads),
    });
    const signed = this.signingKey.sign(text);
    if (!signed) return undefined;
    const checkpoint = { tenantId, number, createdAt, text, ...signed };
    await manager.insert(CallLogCheckpoint, checkpoint);
    this.known.set(tenantId, { number, heads: new Map(heads.map((head) => [head.writerId, head.hashHex])) });
    return checkpoint;
  }

  private async readHeads(manager: EntityManager, tenantId: string): Promise<ChainHead[]> {
    const rows = await manager.query<(Omit<ChainHead, 'total'> & { total: string })[]>(CHAIN_HEADS, [
      tenantId,
    ]);
    return rows.map((row) => ({ ...row, total: Number(row.total) }));
  }

  /** All, when this replica did not make the checkpoint before: naming more than what has grown does no harm. */
  private grown(tenantId: string, number: number, heads: readonly ChainHead[]): readonly ChainHead[] {
    const known = this.known.get(tenantId);
    if (known?.number !== number - 1) return heads;
    return heads.filter(({ writerId, hashHex }) => known.heads.get(writerId) !== hashHex);
  }
}

function readNumber(cursor: string): number {
  const [number] = decodeCursor(cursor, 1);
  if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) > 2 ** 31 - 1)
    throw notACursor();
  return number;
}
