import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APP_ROLE, ownByTenant, shareWithAll, SYSTEM_ROLE } from './tenant-owned.js';

const TABLES = [
  'call_log_batches',
  'call_log_removals',
  'call_log_checkpoints',
  'call_log_deliveries',
  'call_log_uncovered',
  'call_log_signing_keys',
  'call_log_key_rotations',
];

/** Call records in hashed chains, signed checkpoints over these, and what was removed on purpose. */
export class TamperEvidence1790001000000 implements MigrationInterface {
  name = 'TamperEvidence1790001000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE "mcp_call_logs"
        ALTER "request_data" TYPE json USING "request_data"::json,
        ALTER "response_data" TYPE json USING "response_data"::json,
        ADD "writer_id" uuid,
        ADD "batch_seq" integer,
        ADD "batch_position" smallint,
        ADD "salt" bytea,
        ADD "request_commitment" bytea,
        ADD "response_commitment" bytea
    `);
    await this.createBatches(queryRunner);
    await this.createRemovals(queryRunner);
    await this.createCheckpoints(queryRunner);
    await this.countUncovered(queryRunner);
    await this.own(queryRunner);
    await this.letPayloadBeErased(queryRunner);
    await this.letEntriesBePruned(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION "prune_call_log_entries"`);
    await queryRunner.query(`DROP FUNCTION "erase_call_records"`);
    for (const policy of ['owner_finds', 'owner_erases']) {
      await queryRunner.query(`DROP POLICY ${policy} ON "mcp_call_logs"`);
    }
    for (const table of TABLES.toReversed()) await queryRunner.query(`DROP TABLE "${table}"`);
    await queryRunner.query(`
      ALTER TABLE "mcp_call_logs"
        DROP COLUMN "response_commitment",
        DROP COLUMN "request_commitment",
        DROP COLUMN "salt",
        DROP COLUMN "batch_position",
        DROP COLUMN "batch_seq",
        DROP COLUMN "writer_id",
        ALTER "response_data" TYPE jsonb USING "response_data"::jsonb,
        ALTER "request_data" TYPE jsonb USING "request_data"::jsonb
    `);
  }

  private async createBatches(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_batches" (
          "tenant_id" uuid NOT NULL,
          "writer_id" uuid NOT NULL,
          "seq" integer NOT NULL,
          "format" smallint NOT NULL DEFAULT '1',
          "record_count" smallint NOT NULL,
          "records_total" bigint NOT NULL,
          "first_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "last_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "entries" bytea NOT NULL,
          "root" bytea NOT NULL,
          "previous_hash" bytea NOT NULL,
          "hash" bytea NOT NULL,
          CONSTRAINT "PK_4fdf873feeabb12cdf75cd6ce55" PRIMARY KEY ("tenant_id", "writer_id", "seq")
      )
    `);
    // Hashes and ids do not compress; verify reads single entries by their place.
    await queryRunner.query(`ALTER TABLE "call_log_batches" ALTER "entries" SET STORAGE EXTERNAL`);
  }

  private async createRemovals(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_removals" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "kind" character varying(16) NOT NULL,
          "group_id" uuid,
          "before" TIMESTAMP(3) WITH TIME ZONE,
          "record_ids" uuid array,
          "uncovered" integer NOT NULL DEFAULT '0',
          "reason" text NOT NULL,
          "removed_by" character varying(254) NOT NULL,
          "key_id" character varying(16),
          "signature" bytea,
          CONSTRAINT "PK_024b12b269d1ea1bde6ae4b0462" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_call_log_removals_time" ON "call_log_removals" ("tenant_id", "created_at", "id")`,
    );
  }

  private async createCheckpoints(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_checkpoints" (
          "tenant_id" uuid NOT NULL,
          "number" integer NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "text" text NOT NULL,
          "key_id" character varying(16) NOT NULL,
          "signature" bytea NOT NULL,
          CONSTRAINT "PK_45a4d27ffec07500274c980ec58" PRIMARY KEY ("tenant_id", "number")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "call_log_deliveries" (
          "tenant_id" uuid NOT NULL,
          "target" character varying(16) NOT NULL,
          "delivered_number" integer NOT NULL DEFAULT '0',
          "delivered_at" TIMESTAMP(3) WITH TIME ZONE,
          "failures" integer NOT NULL DEFAULT '0',
          "last_error" text,
          "tried_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_07811a8fff3cbcbf42c40c1455d" PRIMARY KEY ("tenant_id", "target")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "call_log_signing_keys" (
          "key_id" character varying(16) NOT NULL,
          "public_key" text NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "signature" bytea,
          CONSTRAINT "PK_793ff0b00ed609110f0f4920d61" PRIMARY KEY ("key_id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "call_log_key_rotations" (
          "old_key_id" character varying(16) NOT NULL,
          "new_key_id" character varying(16) NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "text" text NOT NULL,
          "old_signature" bytea NOT NULL,
          "new_signature" bytea NOT NULL,
          CONSTRAINT "PK_call_log_key_rotations" PRIMARY KEY ("old_key_id", "new_key_id")
      )
    `);
  }

  /** The owner is bound by the row-level security of its tables; to count everybody's records it steps out of it. */
  private async countUncovered(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_uncovered" (
          "tenant_id" uuid NOT NULL,
          "records" bigint NOT NULL,
          "newest_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "PK_c1684bd1ba9d1e46929a71fc6cb" PRIMARY KEY ("tenant_id")
      )
    `);
    await queryRunner.query(`ALTER TABLE "mcp_call_logs" NO FORCE ROW LEVEL SECURITY`);
    await queryRunner.query(
      `INSERT INTO "call_log_uncovered" SELECT tenant_id, count(*), max(created_at) FROM "mcp_call_logs" GROUP BY 1`,
    );
    await queryRunner.query(`ALTER TABLE "mcp_call_logs" FORCE ROW LEVEL SECURITY`);
  }

  private async own(queryRunner: QueryRunner): Promise<void> {
    await ownByTenant(queryRunner, 'call_log_batches', { app: 'SELECT', log: 'INSERT' });
    await ownByTenant(queryRunner, 'call_log_removals', {
      app: 'SELECT, INSERT',
      system: 'SELECT, INSERT',
    });
    await ownByTenant(queryRunner, 'call_log_checkpoints', { app: 'SELECT, INSERT' });
    await ownByTenant(queryRunner, 'call_log_deliveries', { app: 'SELECT, INSERT, UPDATE' });
    await ownByTenant(queryRunner, 'call_log_uncovered', { app: 'SELECT', system: 'SELECT' });
    for (const table of ['call_log_signing_keys', 'call_log_key_rotations']) {
      await shareWithAll(queryRunner, table, { app: 'SELECT, INSERT' });
    }
    // For retention: how many of the records that it removes are in no chain.
    await queryRunner.query(`GRANT SELECT ("writer_id") ON "mcp_call_logs" TO ${SYSTEM_ROLE}`);
    // For the functions that remove what has expired: they ask whether it was noted.
    await queryRunner.query(
      `CREATE POLICY owner_looks ON "call_log_removals" FOR SELECT TO CURRENT_USER USING (true)`,
    );
  }

  /**
   * The service may not change a record. What it may do is this function: it puts the commitments in the place of payload and
   * salt, and nothing else, in records of the tenant of the running unit of work.
   */
  private async letPayloadBeErased(queryRunner: QueryRunner): Promise<void> {
    const ofTenant = '(tenant_id = (SELECT current_tenant_id()))';
    await queryRunner.query(
      `CREATE POLICY owner_finds ON "mcp_call_logs" FOR SELECT TO CURRENT_USER USING ${ofTenant}`,
    );
    await queryRunner.query(
      `CREATE POLICY owner_erases ON "mcp_call_logs" FOR UPDATE TO CURRENT_USER USING ${ofTenant} WITH CHECK ${ofTenant}`,
    );
    await queryRunner.query(`
      CREATE FUNCTION "erase_call_records"("ids" uuid[]) RETURNS SETOF uuid
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE public.mcp_call_logs SET
          request_commitment = CASE WHEN salt IS NULL THEN ''::bytea ELSE sha256(convert_to(
            E'toolcrib request v1\\n' || encode(salt, 'hex') || E'\\n' || coalesce('+' || request_data::text, '-'), 'UTF8')) END,
          response_commitment = CASE WHEN salt IS NULL THEN ''::bytea ELSE sha256(convert_to(
            E'toolcrib response v1\\n' || encode(salt, 'hex') || E'\\n'
              || coalesce(octet_length(error_message) || ':' || error_message || ',', '-,')
              || coalesce('+' || response_data::text, '-'), 'UTF8')) END,
          request_data = NULL, response_data = NULL, error_message = NULL, salt = NULL
        WHERE tenant_id = public.current_tenant_id() AND id = ANY (ids) AND request_commitment IS NULL
        RETURNING id
      $$
    `);
    await queryRunner.query(`REVOKE EXECUTE ON FUNCTION "erase_call_records" FROM PUBLIC`);
    await queryRunner.query(`GRANT EXECUTE ON FUNCTION "erase_call_records" TO ${APP_ROLE}`);
  }

  /**
   * Of batches whose records are all gone, entries may go, too, once that is noted as a removal, whose missing signature
   * `toolcrib verify` names. The rest of a batch stays as it is.
   */
  private async letEntriesBePruned(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE POLICY owner_looks ON "call_log_batches" FOR SELECT TO CURRENT_USER USING (true)`,
    );
    await queryRunner.query(
      `CREATE POLICY owner_prunes ON "call_log_batches" FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (entries = '')`,
    );
    await queryRunner.query(`
      CREATE FUNCTION prune_call_log_entries(tenant uuid, before_at timestamptz, batch integer) RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      DECLARE pruned integer;
      BEGIN
        IF NOT EXISTS (SELECT FROM call_log_removals r
            WHERE r.tenant_id = tenant AND r.kind = 'entries' AND r.before >= before_at)
          OR EXISTS (SELECT FROM mcp_call_logs l WHERE l.tenant_id = tenant AND l.created_at < before_at) THEN RETURN 0; END IF;
        UPDATE call_log_batches b SET entries = ''
          FROM (SELECT writer_id, seq FROM call_log_batches o
            WHERE o.tenant_id = tenant AND o.last_at < before_at AND o.entries <> '' LIMIT batch) old
          WHERE b.tenant_id = tenant AND b.writer_id = old.writer_id AND b.seq = old.seq;
        GET DIAGNOSTICS pruned = ROW_COUNT;
        RETURN pruned;
      END $$
    `);
    const signature = 'prune_call_log_entries(uuid, timestamptz, integer)';
    await queryRunner.query(`REVOKE EXECUTE ON FUNCTION ${signature} FROM PUBLIC`);
    await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${SYSTEM_ROLE}`);
  }
}
