import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { agreedNow } from '../../platform/agreed-time.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { newId } from '../../platform/new-id.js';
import { lock } from '../../platform/database/advisory-locks.js';
import { InvalidInputError, NotFoundError, traceOf } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { CallResult, CallResultChunk } from './call-result.entity.js';
import { characterStart, jsonEnd, partEnd, piecesOf } from './text-bytes.js';

const CHUNK_BYTES = 65_536;
const CHUNKS_PER_INSERT = 32;
const GONE =
  'No kept result has this handle: it is wrong, has expired, or belongs to another caller. Call the tool again';

/** Expired ones, and the oldest beyond what fits beside a new one. */
const MAKE_ROOM = `DELETE FROM call_results WHERE tenant_id = $1 AND (expires_at <= trusted_now() OR id IN (
  SELECT id FROM (
    SELECT id, sum(bytes) OVER (ORDER BY created_at DESC, id DESC) AS with_newer FROM call_results WHERE tenant_id = $1
  ) AS kept WHERE with_newer > $2))`;

/** Who may read a kept result: nobody else, whoever has the handle. */
export type ResultOwner = {
  readonly tenantId: string;
  readonly groupId: string;
  /** See `callerName`. */
  readonly caller: string;
};

/** `offset` in bytes; `maxBytes` of the part, 4 or more. */
export type WantedPart = {
  readonly handle: string;
  readonly offset: number;
  readonly maxBytes: number;
  /** What the part may take within JSON, where some characters take more. */
  readonly maxJsonBytes: number;
};

/** A part of a kept result; all numbers are bytes of UTF-8. */
export type ResultPart = {
  readonly text: string;
  /** Where the part begins: at the character that the asked for byte is in. */
  readonly offset: number;
  /** Where it ends; the whole ends there, too, when it is `totalBytes`. */
  readonly nextOffset: number;
  readonly totalBytes: number;
};

/**
 * Results that were too long for their agents, for `TOOL_RESULT_KEEP_SECONDS`. They are sealed: a group's rules may hide from
 * the call log what stands in them. A tenant has `TOOL_RESULT_KEEP_TENANT_BYTES` at most; the oldest make room.
 */
@Injectable()
export class ResultStore {
  private readonly logger = new Logger(ResultStore.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly systemDatabase: DataSource,
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  /**
   * @param text At most `TOOL_RESULT_KEEP_MAX_BYTES` long.
   * @returns The handle to read it by; undefined when it could not be kept: the tool has run, so that is no error.
   */
  async keep(owner: ResultOwner, toolName: string, text: string): Promise<string | undefined> {
    const handle = `result_${randomBytes(24).toString('base64url')}`;
    try {
      await inTenant(owner.tenantId, () =>
        this.dataSource.transaction((manager) => this.insert(manager, owner, { handle, toolName, text })),
      );
      return handle;
    } catch (error) {
      this.logger.error('A result could not be kept', traceOf(error));
      return undefined;
    }
  }

  /**
   * @param isOpen Whether its caller still has the tool that gave the result.
   * @throws {NotFoundError} No such result, or not this caller's (any more).
   * @throws {InvalidInputError} The offset is behind its end.
   */
  async read(
    owner: ResultOwner,
    { handle, offset, maxBytes, maxJsonBytes }: WantedPart,
    isOpen: (toolName: string) => boolean,
  ): Promise<ResultPart> {
    const { groupId, caller, tenantId } = owner;
    const handleHash = hashOf(handle);
    const found = await this.dataSource
      .getRepository(CallResult)
      .findOneBy({ tenantId, groupId, caller, handleHash, expiresAt: MoreThan(agreedNow()) });
    if (!found || !isOpen(found.toolName)) throw new NotFoundError(GONE);
    if (offset >= found.bytes) throw new InvalidInputError(`offset must be less than ${found.bytes}`);
    const end = Math.min(offset + Math.min(maxBytes, maxJsonBytes) + 1, found.bytes); // one more, to see whether there is more
    const { start, bytes } = await this.bytesAround(found, offset, end);
    const from = characterStart(bytes, offset - start);
    const to = partEnd(bytes, from, Math.min(from + maxBytes, jsonEnd(bytes, from, maxJsonBytes)));
    return {
      text: bytes.toString('utf8', from, to),
      offset: start + from,
      nextOffset: start + to,
      totalBytes: found.bytes,
    };
  }

  async deleteExpired(): Promise<void> {
    await this.systemDatabase.query('DELETE FROM call_results WHERE expires_at < trusted_now()');
  }

  private async insert(
    manager: EntityManager,
    owner: ResultOwner,
    result: { readonly handle: string; readonly toolName: string; readonly text: string },
  ): Promise<void> {
    const { TOOL_RESULT_KEEP_TENANT_BYTES: room, TOOL_RESULT_KEEP_SECONDS: seconds } = this.config.env;
    const { tenantId } = owner;
    const bytes = Buffer.byteLength(result.text);
    const id = newId();
    // What several calls keep at once must not pass the bound together.
    await lock(manager, 'keptResults', tenantId);
    await manager.query(MAKE_ROOM, [tenantId, Math.max(room - bytes, 0)]);
    await manager.insert(CallResult, {
      id,
      ...owner,
      toolName: result.toolName,
      handleHash: hashOf(result.handle),
      bytes,
      expiresAt: () => `now() + interval '${seconds} seconds'`,
    });
    const chunks = [...piecesOf(result.text, CHUNK_BYTES)];
    for (let first = 0; first < chunks.length; first += CHUNKS_PER_INSERT) {
      const rows = chunks.slice(first, first + CHUNKS_PER_INSERT).map(({ startByte, text }) => {
        const chunkId = newId();
        const content = this.box.seal(text, CHUNK.contextOf(tenantId, chunkId));
        return { id: chunkId, tenantId, resultId: id, startByte, content };
      });
      await manager.insert(CallResultChunk, rows);
    }
  }

  /** The chunks that hold the bytes from `offset` to `end`, and where the first of them begins. */
  private async bytesAround({ id, tenantId }: CallResult, offset: number, end: number) {
    const chunks = await this.dataSource
      .getRepository(CallResultChunk)
      .createQueryBuilder('chunk')
      .where('chunk.tenantId = :tenantId AND chunk.resultId = :id', { tenantId, id })
      .andWhere('chunk.startByte > :after AND chunk.startByte < :end', { after: offset - CHUNK_BYTES, end })
      .orderBy('chunk.startByte')
      .getMany();
    if (chunks.length === 0) throw new NotFoundError(GONE); // deleted meanwhile
    const texts = chunks.map((chunk) => this.open(chunk));
    return { start: chunks[0].startByte, bytes: Buffer.from(texts.join('')) };
  }

  private open({ tenantId, id, content }: CallResultChunk): string {
    if (!content) throw new NotFoundError(GONE);
    return this.box.open(content, CHUNK.contextOf(tenantId, id));
  }
}

/** The text of long results. */
export const CHUNK = new SealedColumn('call_result_chunks', 'content');
