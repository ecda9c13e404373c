import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { newId } from '../../platform/new-id.js';
import type { UserCaller } from '../caller.js';
import { ConflictError, KeyReusedError, TooManyRequestsError, traceOf } from '../../platform/errors.js';
import { Replica } from '../../platform/replicas/replica.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { KeptAnswerQuotas } from '../../platform/database/kept-answer-quotas.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { IdempotencyKey } from './idempotency-key.entity.js';

const KEEP_HOURS = 24;
/** When to ask again, while there is no room. */
const ROOM_RETRY_SECONDS = 300;

/**
 * One statement decides who may work on a key, on whatever replica: who makes the row, or who finds one that expired or whose
 * process is gone (its heartbeats have ended, or it is this process, which does not know of it). It expires by the trusted clock:
 * a leap of the database's clock would let a repeated request be carried out twice.
 */
const CLAIM = `
  INSERT INTO idempotency_keys AS k
    (id, tenant_id, user_id, operation, key, fingerprint, state, replica_id, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, trusted_now() + interval '${KEEP_HOURS} hours')
  ON CONFLICT (tenant_id, user_id, operation, key) DO UPDATE SET
    id = EXCLUDED.id, fingerprint = EXCLUDED.fingerprint, state = 'running', replica_id = EXCLUDED.replica_id,
    status = NULL, answer = NULL, created_at = now(), expires_at = EXCLUDED.expires_at
  WHERE k.expires_at < trusted_now() OR (k.state = 'running' AND (
    (k.replica_id = $7 AND k.id <> ALL ($8::uuid[])) OR NOT EXISTS (
      SELECT FROM replicas r
      WHERE r.id = k.replica_id AND r.last_seen_at > now() - $9 * interval '1 millisecond')))
  RETURNING k.id`;

export type KeyedRequest = {
  readonly key: string;
  /** Method and path. */
  readonly operation: string;
  /** Query and body. */
  readonly content: string;
};

/** One try to carry a request out, which the key belongs to until it has ended. */
export type Attempt = { readonly id: string; readonly tenantId: string };

export type StoredAnswer = { readonly status: number; readonly body: unknown };

/** What becomes of a request with a key: it is worked on under this id, or it has its answer already. */
export type Claim = { readonly attemptId: string } | { readonly answer: StoredAnswer };

/** Keeps the answers of requests with an `Idempotency-Key`, so that a repeated one gets the first one's answer. */
@Injectable()
export class IdempotencyService {
  private readonly logger = new Logger(IdempotencyService.name);
  private readonly underWay = new Set<string>();
  private readonly quotas: KeptAnswerQuotas;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly systemDatabase: DataSource,
    private readonly box: SecretBox,
    private readonly replica: Replica,
    private readonly config: Config,
  ) {
    const { KEPT_ANSWERS_PER_TENANT: maxRows, KEPT_ANSWERS_TENANT_BYTES: maxBytes } = config.env;
    this.quotas = new KeptAnswerQuotas(dataSource, ANSWER, { maxRows, maxBytes });
  }

  /**
   * @throws {ConflictError} The first request with the key is still running, or its answer was lost.
   * @throws {TooManyRequestsError} The tenant keeps as many answers as it may.
   * @throws {KeyReusedError} The first request with the key asked for something else.
   */
  async claim(caller: UserCaller, request: KeyedRequest): Promise<Claim> {
    const attemptId = newId();
    const operation = hashOf(request.operation);
    const fingerprint = this.box.digest(`idempotency ${request.content}`);
    this.underWay.add(attemptId);
    try {
      const claimed: unknown[] = await this.dataSource.query(CLAIM, [
        attemptId,
        caller.tenantId,
        caller.userId,
        operation,
        request.key,
        fingerprint,
        this.replica.id,
        [...this.underWay],
        this.config.env.REPLICA_LEASE_MS,
      ]);
      if (claimed.length > 0) return await this.withRoom(caller.tenantId, attemptId);
    } catch (error) {
      this.underWay.delete(attemptId);
      throw error;
    }
    this.underWay.delete(attemptId);
    const { userId } = caller;
    const found = await this.dataSource
      .getRepository(IdempotencyKey)
      .findOneBy({ userId, operation, key: request.key });
    return { answer: this.answerOf(found, fingerprint) };
  }

  private async withRoom(tenantId: string, attemptId: string): Promise<Claim> {
    if (await this.quotas.has(tenantId)) return { attemptId };
    await this.release(attemptId);
    throw new TooManyRequestsError(
      `Your tenant keeps as many answers of requests with an Idempotency-Key as it may; they go after ${KEEP_HOURS} hours`,
      ROOM_RETRY_SECONDS,
    );
  }

  /** The request was carried out. Does not throw: its answer is good, stored or not. */
  async finish({ id, tenantId }: Attempt, { status, body }: StoredAnswer): Promise<void> {
    try {
      const answer = this.box.seal(JSON.stringify(body ?? null), ANSWER.contextOf(tenantId, id));
      this.quotas.add(tenantId, answer.length);
      await this.dataSource.query(
        `UPDATE idempotency_keys SET state = 'done', status = $2, answer = $3 WHERE id = $1`,
        [id, status, answer],
      );
    } catch (error) {
      this.logger.error('An answer could not be stored', traceOf(error));
    } finally {
      this.underWay.delete(id);
    }
  }

  /** The request failed. Unless it had changed something by then, its key may be used again. */
  async release(attemptId: string): Promise<void> {
    this.underWay.delete(attemptId); // if the next line fails, whoever comes with the key to this replica takes over
    await this.dataSource
      .query(`DELETE FROM idempotency_keys WHERE id = $1 AND state = 'running'`, [attemptId])
      .catch((error: Error) =>
        this.logger.warn(`A failed request keeps its Idempotency-Key: ${error.message}`),
      );
  }

  async deleteExpired(): Promise<void> {
    await this.systemDatabase.query('DELETE FROM idempotency_keys WHERE expires_at < trusted_now()');
  }

  private answerOf(found: IdempotencyKey | null, fingerprint: Buffer): StoredAnswer {
    if (found && !found.fingerprint.equals(fingerprint)) {
      throw new KeyReusedError(
        'This Idempotency-Key was used for a request with another body or query; send a new key with a new request',
      );
    }
    if (!found || found.state === 'running') {
      throw new ConflictError(
        'The first request with this Idempotency-Key is still being worked on; repeat it in a moment',
      );
    }
    const body = this.open(found);
    if (found.status === null || body === null) {
      throw new ConflictError(
        'The first request with this Idempotency-Key was carried out, but its answer was lost; read what it made, and do not repeat it',
      );
    }
    return { status: found.status, body: JSON.parse(body) as unknown };
  }

  /** Null: stored under another master key. */
  private open({ id, tenantId, answer }: IdempotencyKey): string | null {
    try {
      return answer && this.box.open(answer, ANSWER.contextOf(tenantId, id));
    } catch {
      return null;
    }
  }
}

/** The answers that are kept to be repeated. */
export const ANSWER = new SealedColumn('idempotency_keys', 'answer');
