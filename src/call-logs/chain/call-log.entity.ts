import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * One `tools/call`: who called what with what, and what came of it. Append-only. Partitioned by `created_at`, so the
 * time is part of the key; the group and the tenant are kept by id without a foreign key, because a record outlives
 * what it tells about.
 */
@Entity('mcp_call_logs')
@Check('CHK_call_logs_created_at', 'isfinite("created_at")')
@Index('idx_call_logs_tool_success_time', ['tenantId', 'toolName', 'success', 'createdAt'])
@Index('idx_call_logs_group_time', ['tenantId', 'groupId', 'createdAt'])
@Index('idx_call_logs_caller_time', ['tenantId', 'callerAppId', 'createdAt'])
@Index('idx_call_logs_time', ['tenantId', 'createdAt', 'id', 'durationMs'])
@Index('idx_call_logs_key_time', ['tenantId', 'keyId', 'createdAt'])
@Index('idx_call_logs_user_time', ['tenantId', 'userId', 'createdAt'], { where: 'user_id IS NOT NULL' })
@Index('idx_call_logs_failure_time', ['tenantId', 'errorKind', 'createdAt'], { where: 'NOT success' })
@Index('idx_call_logs_recorded', ['recordedIn', 'id'])
export class CallLog {
  /** UUIDv7, made by the replica that served the call. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  /** When the call arrived. Milliseconds, as a JavaScript Date holds them, so that a cursor finds its row again. */
  @PrimaryColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'group_id', type: 'uuid' })
  groupId: string;

  /** The name as the client sent it (at most 128 characters), also when there is no such tool. */
  @Column({ name: 'tool_name', type: 'varchar', length: 128 })
  toolName: string;

  @Column({ name: 'tool_id', type: 'uuid', nullable: true })
  toolId: string | null;

  /** The calling application: of its key, `X-Caller-App-Id`, or the client's own name. Only what was said, never a guess. */
  @Column({ name: 'caller_app_id', type: 'varchar', length: 100, nullable: true })
  callerAppId: string | null;

  @Column({ name: 'key_id', type: 'uuid', nullable: true })
  keyId: string | null;

  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId: string | null;

  /** Protocol revision the call was made under, e.g. `2025-06-18`; `unknown` before a handshake; `rest`: an admin's test. */
  @Column({ type: 'varchar', length: 16 })
  era: string;

  /** `streamable_http`, `sse`, `websocket`, `stdio` or `rest`. */
  @Column({ type: 'varchar', length: 16 })
  transport: string;

  /** An admin's test call. */
  @Column({ name: 'is_test', type: 'boolean', default: false })
  isTest: boolean;

  /** The arguments, with secrets replaced, cut at `CALL_LOG_MAX_BYTES`. `json` keeps the text that is committed to. */
  @Column({ name: 'request_data', type: 'json', nullable: true })
  requestData: unknown;

  /** The result as it was answered, with secrets replaced, cut at `CALL_LOG_MAX_BYTES`. */
  @Column({ name: 'response_data', type: 'json', nullable: true })
  responseData: unknown;

  @Column({ type: 'boolean' })
  success: boolean;

  /** Why `success` is false: see {@link CallErrorKind}. */
  @Column({ name: 'error_kind', type: 'varchar', length: 32, nullable: true })
  errorKind: CallErrorKind | null;

  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage: string | null;

  @Column({ name: 'duration_ms', type: 'real' })
  durationMs: number;

  /**
   * Number of the transaction that recorded it, given by the database: the order of commits, which statistics, search and
   * forwarding follow (`follow.ts`).
   */
  @Column({
    name: 'recorded_in',
    type: 'bigint',
    default: () => '((pg_current_xact_id()))', // TypeORM compares without the casts to text and bigint
    select: false,
  })
  recordedIn: string;

  /** The chain that the record is hashed into; null: recorded before there were chains. */
  @Column({ name: 'writer_id', type: 'uuid', nullable: true })
  writerId: string | null;

  @Column({ name: 'batch_seq', type: 'integer', nullable: true })
  batchSeq: number | null;

  /** From 0. */
  @Column({ name: 'batch_position', type: 'smallint', nullable: true })
  batchPosition: number | null;

  /** 16 random bytes that hide the payload behind its commitments; null once erased. */
  @Column({ type: 'bytea', nullable: true })
  salt: Buffer | null;

  /** Set when the payload was erased: what the chain holds in its place; empty where there was no chain. */
  @Column({ name: 'request_commitment', type: 'bytea', nullable: true })
  requestCommitment: Buffer | null;

  @Column({ name: 'response_commitment', type: 'bytea', nullable: true })
  responseCommitment: Buffer | null;
}

/**
 * How a call failed: `refused` (no such tool here, disabled, malformed), `invalid_arguments`, `tool_error` (the tool said
 * no), `timeout`, `cancelled` (the client hung up or cancelled), `result_invalid` (too large or not what the tool's
 * output schema promises), `internal` (a bug of ours or the tool's), `unavailable` (what the
 * tool needs is away), `rate_limited`, `busy`, `circuit_open` (limits or the breaker kept the call from the tool), `duplicate_running`, `ambiguous`, `key_reused` (a call that was made
 * before: it still runs, its end is not known, or its key was another call's).
 */
export type CallErrorKind =
  | 'refused'
  | 'invalid_arguments'
  | 'tool_error'
  | 'timeout'
  | 'cancelled'
  | 'result_invalid'
  | 'internal'
  | 'rate_limited'
  | 'busy'
  | 'circuit_open'
  | 'unavailable'
  | 'duplicate_running'
  | 'ambiguous'
  | 'key_reused';

/** Kinds that say nothing against the caller: the service, a tool or what it needs did not do its part. */
export const OUR_FAULTS = [
  'timeout',
  'result_invalid',
  'internal',
  'unavailable',
  'busy',
  'circuit_open',
  'ambiguous',
] as const satisfies readonly CallErrorKind[];
