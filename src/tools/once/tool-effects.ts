import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { traceOf } from '../../platform/errors.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { newId } from '../../platform/new-id.js';
import { Replica } from '../../platform/replicas/replica.js';
import { inTenant } from '../../platform/request-scope.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { KeptAnswerQuotas } from '../../platform/database/kept-answer-quotas.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { canonicalJson } from '../../platform/canonical-json.js';
import type { EffectState } from './tool-effect.entity.js';

const CLAIM_TRIES = 3;

/**
 * One statement decides which call runs, on whatever replica: the one that makes the row, or finds an expired one. It expires by the
 * trusted clock: a leap of the database's clock would let a repeated call take effect twice.
 */
const CLAIM = `
  INSERT INTO tool_effects AS e
    (id, tenant_id, group_id, caller, tool_name, key_hash, arguments_hash, state, replica_id, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, trusted_now() + $9 * interval '1 second')
  ON CONFLICT (tenant_id, group_id, caller, tool_name, key_hash) DO UPDATE SET
    id = EXCLUDED.id, arguments_hash = EXCLUDED.arguments_hash, state = 'running', replica_id = EXCLUDED.replica_id,
    outcome = NULL, created_at = now(), expires_at = EXCLUDED.expires_at
  WHERE e.expires_at <= trusted_now()
  RETURNING id`;

/** Whether its replica is alive is asked of the heartbeats, as publishers of changes do. */
const FIND = `
  SELECT e.id, e.tenant_id AS "tenantId", e.arguments_hash AS "argumentsHash", e.state, e.outcome, e.replica_id AS "replicaId",
    extract(epoch FROM now() - e.created_at)::float8 AS "ageSeconds",
    EXISTS (SELECT FROM replicas r
      WHERE r.id = e.replica_id AND r.last_seen_at > now() - $6 * interval '1 millisecond') AS "isAlive"
  FROM tool_effects e
  WHERE e.tenant_id = $1 AND e.group_id = $2 AND e.caller = $3 AND e.tool_name = $4 AND e.key_hash = $5`;

const FINISH = `UPDATE tool_effects SET state = $2, outcome = $3, expires_at = trusted_now() + $4 * interval '1 second' WHERE id = $1`;
const RELEASE = `DELETE FROM tool_effects WHERE id = $1 AND state = 'running'`;

/** Which call it is: two with the same are one call that was sent twice. */
export type EffectIdentity = {
  readonly tenantId: string;
  readonly groupId: string;
  /** See `callerName`. */
  readonly caller: string;
  readonly toolName: string;
  /** Undefined: the arguments stand for it. */
  readonly key: string | undefined;
  readonly args: unknown;
};

/** What becomes of a call: it is to be run under this id, or something is known of the one before. */
export type Claim =
  | { readonly kind: 'mine'; readonly id: string }
  | { readonly kind: 'running'; readonly ageSeconds: number }
  | { readonly kind: 'done' | 'ambiguous'; readonly outcome: unknown }
  | { readonly kind: 'other_arguments' }
  /** The tenant keeps as many outcomes as it may. */
  | { readonly kind: 'no_room' };

type Found = {
  readonly id: string;
  readonly tenantId: string;
  readonly argumentsHash: Buffer;
  readonly state: EffectState;
  readonly outcome: Buffer | null;
  readonly replicaId: string;
  readonly ageSeconds: number;
  readonly isAlive: boolean;
};

/**
 * Knows of each call with an idempotency key whether it was made and what came of it, over all replicas. Outcomes are
 * sealed: they hold what a group's rules may hide from the call log.
 */
@Injectable()
export class ToolEffects {
  private readonly logger = new Logger(ToolEffects.name);
  /** Claims of this replica whose tools run: one that is ours and not here has lost its end. */
  private readonly underWay = new Map<string, string>();
  private readonly quotas: KeptAnswerQuotas;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly systemDatabase: DataSource,
    private readonly box: SecretBox,
    private readonly replica: Replica,
    private readonly config: Config,
  ) {
    const { KEPT_ANSWERS_PER_TENANT: maxRows, KEPT_ANSWERS_TENANT_BYTES: maxBytes } = config.env;
    this.quotas = new KeptAnswerQuotas(dataSource, OUTCOME, { maxRows, maxBytes });
  }

  /**
   * @param seconds How long the claim holds if its end is never stored; longer than the tool may run.
   * @throws {Error} The database did not answer; then nothing may run.
   */
  async claim(identity: EffectIdentity, seconds: number): Promise<Claim> {
    const { tenantId, groupId, caller, toolName } = identity;
    const argumentsHash = hashOf(canonicalJson([tenantId, identity.args]));
    const keyHash = identity.key === undefined ? argumentsHash : hashOf(`key ${identity.key}`);
    const place = [tenantId, groupId, caller, toolName, keyHash];
    const id = newId();
    return inTenant(tenantId, async () => {
      this.underWay.set(id, tenantId); // before the row is there: whoever finds it must find it running
      let isMine = false;
      try {
        for (let tries = 0; tries < CLAIM_TRIES; tries++) {
          const parameters = [id, ...place, argumentsHash, this.replica.id, seconds];
          isMine = (await this.dataSource.query<unknown[]>(CLAIM, parameters)).length > 0;
          if (isMine && !(await this.quotas.has(tenantId))) {
            await this.release(id);
            return { kind: 'no_room' };
          }
          if (isMine) return { kind: 'mine', id };
          const lease = this.config.env.REPLICA_LEASE_MS;
          const [found] = await this.dataSource.query<Found[]>(FIND, [...place, lease]);
          // Else it was released meanwhile. One that seems to have lost its end may have ended after it was read: look again.
          const isLast = tries === CLAIM_TRIES - 1;
          if (found && (isLast || !this.lostItsEnd(found))) return this.claimOf(found, argumentsHash);
        }
        return { kind: 'running', ageSeconds: 0 };
      } finally {
        if (!isMine) this.underWay.delete(id);
      }
    });
  }

  /**
   * Does not throw: the outcome is good, stored or not. One that could not be stored is ambiguous to whoever asks later.
   *
   * @param seconds How long it is to be repeated.
   */
  async finish(id: string, state: 'done' | 'ambiguous', outcome: unknown, seconds: number): Promise<void> {
    const context = OUTCOME.contextOf(this.underWay.get(id) ?? '', id);
    const sealed = this.box.seal(JSON.stringify(outcome), context);
    this.quotas.add(this.underWay.get(id) ?? '', sealed.length);
    await this.end(id, FINISH, [id, state, sealed, seconds]);
  }

  /** The tool was not run: the key is free again. */
  async release(id: string): Promise<void> {
    await this.end(id, RELEASE, [id]);
  }

  async deleteExpired(): Promise<void> {
    await this.systemDatabase.query('DELETE FROM tool_effects WHERE expires_at < trusted_now()');
  }

  private async end(id: string, sql: string, parameters: unknown[]): Promise<void> {
    try {
      await inTenant(this.underWay.get(id) ?? '', () => this.dataSource.query(sql, parameters));
    } catch (error) {
      this.logger.error('The end of a call could not be stored', traceOf(error));
    } finally {
      this.underWay.delete(id);
    }
  }

  private claimOf(found: Found, argumentsHash: Buffer): Claim {
    if (!found.argumentsHash.equals(argumentsHash)) return { kind: 'other_arguments' };
    if (found.state !== 'running') return { kind: found.state, outcome: this.open(found) };
    return this.lostItsEnd(found)
      ? { kind: 'ambiguous', outcome: undefined }
      : { kind: 'running', ageSeconds: found.ageSeconds };
  }

  /** Its replica is gone, or is this one and does not run it. */
  private lostItsEnd({ id, state, replicaId, isAlive }: Found): boolean {
    if (state !== 'running') return false;
    return replicaId === this.replica.id ? !this.underWay.has(id) : !isAlive;
  }

  /** Undefined: stored under a master key that is gone. */
  private open({ id, tenantId, outcome }: Found): unknown {
    try {
      const context = OUTCOME.contextOf(tenantId, id);
      return outcome ? (JSON.parse(this.box.open(outcome, context)) as unknown) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What came of calls. */
export const OUTCOME = new SealedColumn('tool_effects', 'outcome');
