import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../../access/caller.js';
import { CallLog } from '../chain/call-log.entity.js';
import { placesOf } from '../storage/call-places.js';
import { CallLogBatch } from '../chain/call-log-batch.entity.js';
import { CallLogCheckpoint, CallLogSigningKey } from '../chain/call-log-checkpoint.entity.js';
import { parseCheckpoint } from '../chain/checkpoint-text.js';
import { leavesOf, merklePath, recordFields } from '../chain/record-hash.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { toSigned } from './checkpoint-targets.js';
import type { ProofDto } from './evidence.dto.js';

type Payload = { readonly request: string | null; readonly response: string | null };
type Covering = { readonly checkpoint: CallLogCheckpoint; readonly seq: number };

const CHECKPOINTS_AT_ONCE = 50;

/** Proves that a record is in the log as it was written, to somebody who trusts nothing but the public key. */
@Injectable()
export class ProofsService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * @throws {NotFoundError} No such record, or another tenant's.
   * @throws {ConflictError} It is from before there were chains, or no checkpoint vouches for it yet.
   */
  async prove({ tenantId }: Caller, id: string): Promise<ProofDto> {
    const [place] = await placesOf(this.dataSource, tenantId, [id]);
    const call = place && (await this.dataSource.getRepository(CallLog).findOneBy({ ...place, tenantId }));
    if (!call) throw new NotFoundError(`No call ${id}`);
    const { writerId, batchSeq, batchPosition } = call;
    if (writerId === null || batchSeq === null || batchPosition === null) {
      throw new ConflictError('This call was recorded before there were chains: nothing proves it');
    }
    const batches = this.dataSource.getRepository(CallLogBatch);
    const batch = await batches.findOneBy({ tenantId, writerId, seq: batchSeq });
    const covering = batch && (await this.findCovering(call, writerId, batchSeq));
    if (!covering) {
      throw new ConflictError('No checkpoint vouches for this call yet; make one or wait a minute');
    }
    const { checkpoint, seq } = covering;
    return {
      format: 'toolcrib proof v1',
      record: await this.recordOf(call),
      position: batchPosition,
      path: merklePath(leavesOf(batch.entries), batchPosition),
      batches: await this.readChain(batch, seq),
      checkpoint: toSigned(checkpoint),
      public_key: await this.publicKeyOf(checkpoint),
    };
  }

  private async recordOf(call: CallLog): Promise<ProofDto['record']> {
    const [payload] = await this.dataSource.query<[Payload]>(
      'SELECT request_data::text AS request, response_data::text AS response FROM mcp_call_logs WHERE id = $1 AND created_at = $2',
      [call.id, call.createdAt],
    );
    return {
      id: call.id,
      created_at: call.createdAt.toISOString(),
      group_id: call.groupId,
      fields: recordFields(call),
      salt: call.salt?.toString('hex') ?? null,
      request: payload.request,
      response: payload.response,
      error_message: call.errorMessage,
      request_commitment: call.requestCommitment?.toString('hex') ?? null,
      response_commitment: call.responseCommitment?.toString('hex') ?? null,
    };
  }

  /** The earliest checkpoint that names a batch of the chain at or behind this one. It is not older than the call. */
  private async findCovering(call: CallLog, writerId: string, seq: number): Promise<Covering | undefined> {
    for (let after = 0; ;) {
      const found = await this.dataSource
        .getRepository(CallLogCheckpoint)
        .createQueryBuilder('checkpoint')
        .where('tenant_id = :tenantId AND created_at >= :from AND number > :after', {
          tenantId: call.tenantId,
          from: call.createdAt,
          after,
        })
        .andWhere('strpos(text, :head) > 0', { head: `\nhead ${writerId} ` })
        .orderBy('number')
        .limit(CHECKPOINTS_AT_ONCE)
        .getMany();
      for (const checkpoint of found) {
        const head = parseCheckpoint(checkpoint.text)?.heads.find((one) => one.writerId === writerId);
        if (head && head.seq >= seq) return { checkpoint, seq: head.seq };
      }
      if (found.length < CHECKPOINTS_AT_ONCE) return undefined;
      after = found[found.length - 1].number;
    }
  }

  private async readChain(from: CallLogBatch, lastSeq: number): Promise<ProofDto['batches']> {
    const rows = await this.dataSource
      .getRepository(CallLogBatch)
      .createQueryBuilder('batch')
      .select(
        [
          'tenantId',
          'writerId',
          'seq',
          'recordCount',
          'recordsTotal',
          'firstAt',
          'lastAt',
          'root',
          'previousHash',
        ].map((name) => `batch.${name}`),
      )
      .where('tenant_id = :tenantId AND writer_id = :writerId AND seq BETWEEN :first AND :last', {
        tenantId: from.tenantId,
        writerId: from.writerId,
        first: from.seq,
        last: lastSeq,
      })
      .orderBy('seq')
      .getMany();
    return rows.map((batch) => ({
      previous: batch.previousHash.toString('hex'),
      tenant: batch.tenantId,
      writer: batch.writerId,
      seq: batch.seq,
      records: batch.recordCount,
      total: Number(batch.recordsTotal),
      first: batch.firstAt.toISOString(),
      last: batch.lastAt.toISOString(),
      root: batch.root.toString('hex'),
    }));
  }

  private async publicKeyOf({ keyId }: CallLogCheckpoint): Promise<string | null> {
    const key = await this.dataSource.getRepository(CallLogSigningKey).findOneBy({ keyId });
    return key?.publicKey ?? null;
  }
}
