import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APP_ROLE, ownByTenant, shareWithAll, SYSTEM_ROLE } from './tenant-owned.js';

/** Columns of a call that say what happened and nothing of what was asked or answered. */
const METADATA =
  'id, created_at, tenant_id, group_id, tool_name, tool_id, caller_app_id, key_id, user_id, era, transport, is_test, ' +
  'success, error_kind, error_message, duration_ms, recorded_in';

const FUNCTIONS = [
  'make_call_log_partition(date)',
  'list_call_log_partitions()',
  'list_stray_call_log_days()',
  'list_call_log_holdings(date, integer)',
  'drop_call_log_partition(date, integer)',
  'remove_expired_call_logs(date, uuid, uuid, integer, integer)',
];

const FIND_STRETCHES =
  'find_call_log_stretches(integer[], timestamptz, timestamptz, timestamptz, uuid, integer)';
const OLDEST_AFTER = 'oldest_call_log_after(bigint, uuid, integer)';

/**
 * The call log by day: partitions, made and dropped by functions that run as the schema's owner and do nothing else;
 * retention; the position of each record in the order of commits, which statistics, the text guide and forwarding follow;
 * what those keep.
 */
export class CallLogStorage1790000900000 implements MigrationInterface {
  name = 'CallLogStorage1790000900000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.orderByCommit(queryRunner);
    await this.letTimeBeTold(queryRunner);
    await this.createRetention(queryRunner);
    await this.createFollowers(queryRunner);
    await this.letTheOwnerKeepHouse(queryRunner);
    await this.createPartitionFunctions(queryRunner);
    await this.createRetentionFunctions(queryRunner);
    for (const signature of FUNCTIONS) {
      await queryRunner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
      await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${SYSTEM_ROLE}`);
    }
    // Held from here on, so that the functions' short lock timeout does not meet calls that are being written.
    await queryRunner.query('LOCK TABLE mcp_call_logs IN ACCESS EXCLUSIVE MODE');
    await queryRunner.query('SELECT make_call_log_partition(day) FROM list_stray_call_log_days() AS day');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "mcp_call_logs" NO FORCE ROW LEVEL SECURITY`);
    await queryRunner.query(`
      DO $$ DECLARE part regclass; BEGIN
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits
          WHERE inhparent = 'mcp_call_logs'::regclass AND inhrelid <> 'mcp_call_logs_default'::regclass LOOP
          EXECUTE format('ALTER TABLE mcp_call_logs DETACH PARTITION %s', part);
          EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', part);
          EXECUTE format('INSERT INTO mcp_call_logs SELECT * FROM %s', part);
          EXECUTE format('DROP TABLE %s', part);
        END LOOP;
      END $$
    `);
    for (const signature of FUNCTIONS.toReversed()) await queryRunner.query(`DROP FUNCTION ${signature}`);
    await queryRunner.query('DROP FUNCTION is_call_log_removal_noted(date, uuid, uuid)');
    await queryRunner.query(`DROP POLICY owner_moves ON "mcp_call_logs_default"`);
    for (const policy of ['owner_looks', 'owner_removes', 'follower_reads'])
      await queryRunner.query(`DROP POLICY ${policy} ON "mcp_call_logs"`);
    await queryRunner.query(`ALTER TABLE "mcp_call_logs" FORCE ROW LEVEL SECURITY`);
    await queryRunner.query(`DROP FUNCTION ${FIND_STRETCHES}`);
    await queryRunner.query(`DROP FUNCTION ${OLDEST_AFTER}`);
    await queryRunner.query(`DROP VIEW "call_log_guide"`);
    for (const table of ['call_log_chunks', 'call_log_stats', 'call_log_positions', 'call_log_retention']) {
      await queryRunner.query(`DROP TABLE "${table}"`);
    }
    for (const index of ['recorded', 'key_time', 'user_time', 'failure_time'])
      await queryRunner.query(`DROP INDEX "idx_call_logs_${index}"`);
    await queryRunner.query(`REVOKE SELECT (${METADATA}) ON "mcp_call_logs" FROM ${SYSTEM_ROLE}`);
    await queryRunner.query(`GRANT SELECT (id, created_at, tenant_id) ON "mcp_call_logs" TO ${SYSTEM_ROLE}`);
    await queryRunner.query(`ALTER TABLE "mcp_call_logs" DROP COLUMN "recorded_in"`);
    await queryRunner.query(`ALTER TABLE "mcp_call_logs" DROP CONSTRAINT "CHK_call_logs_created_at"`);
    await queryRunner.query(`DROP INDEX "idx_call_logs_time"`);
    await queryRunner.query(
      `CREATE INDEX "idx_call_logs_time" ON "mcp_call_logs" ("tenant_id", "created_at", "id")`,
    );
  }

  /**
   * Times and ids are given when a call arrives, and it may end an hour later: who follows the log by them misses records.
   * Below `pg_snapshot_xmin` every transaction has ended, so what was recorded in one of those is all there is.
   */
  private async orderByCommit(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE "mcp_call_logs" ADD "recorded_in" bigint NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint`,
    );
    await queryRunner.query(`CREATE INDEX "idx_call_logs_recorded" ON "mcp_call_logs" ("recorded_in", "id")`);
    await queryRunner.query(
      `CREATE INDEX "idx_call_logs_key_time" ON "mcp_call_logs" ("tenant_id", "key_id", "created_at")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_call_logs_user_time" ON "mcp_call_logs" ("tenant_id", "user_id", "created_at") WHERE user_id IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_call_logs_failure_time" ON "mcp_call_logs" ("tenant_id", "error_kind", "created_at") WHERE NOT success`,
    );
    await queryRunner.query(`GRANT SELECT (${METADATA}) ON "mcp_call_logs" TO ${SYSTEM_ROLE}`);
    await queryRunner.query(
      `CREATE POLICY follower_reads ON "mcp_call_logs" FOR SELECT TO ${SYSTEM_ROLE} USING (true)`,
    );
  }

  /**
   * A record at `infinity` would be on no page and in no checkpoint. The duration is in the index of the times so that long and
   * short calls are told apart in it, without a look at every record.
   */
  private async letTimeBeTold(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE "mcp_call_logs" ADD CONSTRAINT "CHK_call_logs_created_at" CHECK (isfinite("created_at"))`,
    );
    await queryRunner.query(`DROP INDEX "idx_call_logs_time"`);
    await queryRunner.query(
      `CREATE INDEX "idx_call_logs_time" ON "mcp_call_logs" ("tenant_id", "created_at", "id", "duration_ms")`,
    );
  }

  private async createRetention(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_retention" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "group_id" uuid,
          "keep" character varying(8) NOT NULL DEFAULT 'inherit',
          "days" integer,
          "version" integer NOT NULL DEFAULT '1',
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_call_log_retention" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_call_log_retention_group" ON "call_log_retention" ("tenant_id", "group_id")`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_call_log_retention_tenant" ON "call_log_retention" ("tenant_id") WHERE "group_id" IS NULL`,
    );
    await ownByTenant(queryRunner, 'call_log_retention', { app: 'SELECT, INSERT, UPDATE' });
    await queryRunner.query(
      `CREATE POLICY owner_reads ON "call_log_retention" FOR SELECT TO CURRENT_USER USING (true)`,
    );
  }

  private async createFollowers(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_positions" (
          "follower" character varying(16) NOT NULL,
          "recorded_in" bigint NOT NULL DEFAULT '0',
          "id" uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_call_log_positions" PRIMARY KEY ("follower")
      )
    `);
    await queryRunner.query(
      `INSERT INTO "call_log_positions" ("follower", "recorded_in") VALUES ('statistics', 0), ('guide', 0), ('otlp', -1), ('syslog', -1)`,
    );
    await shareWithAll(queryRunner, 'call_log_positions', { app: 'SELECT', system: 'SELECT, UPDATE' });
    await queryRunner.query(`
      CREATE TABLE "call_log_stats" (
          "tenant_id" uuid NOT NULL,
          "sums" character varying(10) NOT NULL,
          "span" character varying(4) NOT NULL,
          "starts_at" TIMESTAMP WITH TIME ZONE NOT NULL,
          "group_id" uuid NOT NULL,
          "tool_name" character varying(128) NOT NULL,
          "caller_app_id" character varying(100) NOT NULL,
          "bucket" smallint NOT NULL,
          "calls" integer NOT NULL,
          "errors" integer NOT NULL,
          CONSTRAINT "PK_call_log_stats" PRIMARY KEY
            ("tenant_id", "sums", "span", "starts_at", "group_id", "tool_name", "caller_app_id", "bucket")
      )
    `);
    await ownByTenant(queryRunner, 'call_log_stats', {
      app: 'SELECT',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
    await queryRunner.query(`
      CREATE TABLE "call_log_chunks" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "from_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "to_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "stale" boolean NOT NULL DEFAULT false,
          "marks" integer array NOT NULL,
          "places" smallint array,
          "starts" TIMESTAMP(3) WITH TIME ZONE array,
          CONSTRAINT "PK_call_log_chunks" PRIMARY KEY ("id")
      )
    `);
    // Hashes do not compress, and single ones are looked up.
    await queryRunner.query(
      `ALTER TABLE "call_log_chunks" ALTER "marks" SET STORAGE EXTERNAL, ALTER "places" SET STORAGE EXTERNAL`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_call_log_chunks_time" ON "call_log_chunks" ("tenant_id", "to_at", "id")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_call_log_chunks_stale" ON "call_log_chunks" ("tenant_id", "to_at") WHERE stale`,
    );
    await queryRunner.query(
      // What is pending is read by every search.
      `CREATE INDEX "idx_call_log_chunks_marks" ON "call_log_chunks" USING gin ("marks") WITH (gin_pending_list_limit = 512)`,
    );
    await ownByTenant(queryRunner, 'call_log_chunks', { system: 'SELECT, UPDATE, DELETE' });
    await this.letTheGuideBeRead(queryRunner);
  }

  /**
   * Under a policy the planner may not use the index of the marks: array operators are not leakproof. See user_search. Besides
   * it takes looking at marks for cheap and reads them all, where each has to be fetched and unpacked first (700 ms instead of
   * 2). So the conditions of `find_call_log_stretches` are written such that no other index fits.
   */
  private async letTheGuideBeRead(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE POLICY owner_reads ON "call_log_chunks" FOR SELECT TO CURRENT_USER USING (true)`,
    );
    await queryRunner.query(`
      CREATE VIEW "call_log_guide" WITH (security_barrier) AS
        SELECT id, tenant_id, from_at, to_at, stale, marks, places, starts FROM call_log_chunks
        WHERE tenant_id = (SELECT current_tenant_id())
    `);
    await queryRunner.query(`GRANT SELECT ON "call_log_guide" TO ${APP_ROLE}`);
    await queryRunner.query(`
      CREATE FUNCTION find_call_log_stretches(sought integer[], lower_at timestamptz, before_at timestamptz,
        last_to timestamptz, last_id uuid, at_once integer)
      RETURNS TABLE (id uuid, from_at timestamptz, to_at timestamptz, starts timestamptz[], places smallint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
        SELECT n.id, n.from_at, n.to_at, n.starts,
          (SELECT bit_and(n.places[array_position(n.marks, mark)]) FROM unnest(sought) AS mark)
        FROM (SELECT c.* FROM call_log_chunks c
          WHERE c.marks @> sought AND c.tenant_id::text = current_tenant_id()::text AND c.from_at + interval '0' < before_at
            AND c.to_at + interval '0' >= lower_at AND (c.to_at + interval '0', c.id) < (last_to, last_id)
          ORDER BY c.to_at + interval '0' DESC, c.id DESC LIMIT at_once) n
      $$
    `);
    // Planned once in a session: it looks into the index of every partition, and planning that takes longer than doing it.
    await queryRunner.query(`
      CREATE FUNCTION oldest_call_log_after(after_recorded_in bigint, after_id uuid, at_most integer) RETURNS timestamptz
      LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
      SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
      DECLARE
        oldest timestamptz;
        seen integer;
      BEGIN
        SELECT min(created_at), count(*) INTO oldest, seen FROM (SELECT created_at FROM mcp_call_logs
          WHERE (recorded_in, id) > (after_recorded_in, after_id) ORDER BY recorded_in, id LIMIT at_most) later;
        RETURN CASE WHEN seen < at_most THEN oldest ELSE '-infinity' END;
      END $$
    `);
    for (const signature of [FIND_STRETCHES, OLDEST_AFTER]) {
      await queryRunner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
      await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${APP_ROLE}`);
    }
  }

  /** The security is forced, so the owner, as whom the functions run, needs policies of its own. */
  private async letTheOwnerKeepHouse(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE POLICY owner_moves ON "mcp_call_logs_default" TO CURRENT_USER USING (true) WITH CHECK (true)`,
    );
    for (const [policy, verb] of [
      ['owner_looks', 'SELECT'],
      ['owner_removes', 'DELETE'],
    ]) {
      await queryRunner.query(
        `CREATE POLICY ${policy} ON "mcp_call_logs" FOR ${verb} TO CURRENT_USER USING (true)`,
      );
    }
  }

  /**
   * A table of its own first, attached at the end: attaching lets readers go on. What the default partition has of the day
   * is moved while calls are written; then writers wait for the rest of it, at most 0.3 s, or the attempt is taken
   * back. They wait at the parent, before they choose a partition: a row on its way can so not end up in the wrong one.
   */
  private async createPartitionFunctions(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION make_call_log_partition(on_day date) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
      DECLARE
        part text := 'mcp_call_logs_p' || to_char(on_day, 'YYYYMMDD');
        from_at timestamptz := on_day::timestamp AT TIME ZONE 'UTC';
        to_at timestamptz := (on_day + 1)::timestamp AT TIME ZONE 'UTC';
        columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
          WHERE attrelid = 'mcp_call_logs'::regclass AND attnum > 0 AND NOT attisdropped);
        move text := format('WITH moved AS (DELETE FROM mcp_call_logs_default WHERE created_at >= %L AND created_at < %L RETURNING %s)
          INSERT INTO %I (%s) SELECT %s FROM moved', from_at, to_at, columns, part, columns, columns);
        early bigint;
        late bigint;
      BEGIN
        PERFORM pg_advisory_xact_lock(7210004);
        IF to_regclass(part) IS NOT NULL THEN RETURN NULL; END IF;
        EXECUTE format('CREATE TABLE %I (LIKE mcp_call_logs INCLUDING ALL)', part);
        EXECUTE move;
        GET DIAGNOSTICS early = ROW_COUNT;
        LOCK TABLE ONLY mcp_call_logs IN SHARE ROW EXCLUSIVE MODE;
        LOCK TABLE mcp_call_logs_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE move;
        GET DIAGNOSTICS late = ROW_COUNT;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE mcp_call_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, from_at, to_at);
        RETURN early + late;
      END $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION list_call_log_partitions() RETURNS SETOF date
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT to_date(substring(c.relname FROM 16), 'YYYYMMDD') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'mcp_call_logs'::regclass AND c.relname ~ '^mcp_call_logs_p\\d{8}$' ORDER BY 1
      $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION list_stray_call_log_days() RETURNS SETOF date
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM mcp_call_logs_default ORDER BY 1
      $$
    `);
  }

  /**
   * Each looks itself whether anybody keeps what it is to remove. The installation's default is the caller's to say, so two things hold
   * whatever it says: nothing of today goes, and nothing without a removal on record (`call_log_removals`), whose missing
   * signature `toolcrib verify` names. What a partition holds is looked at before calls have to wait for its dropping; then only
   * whether a record came since. Decisions about retention cannot be changed in between.
   */
  private async createRetentionFunctions(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION list_call_log_holdings(on_day date, default_days integer)
      RETURNS TABLE (tenant_id uuid, group_id uuid, expired boolean)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      DECLARE
        tenant uuid := '00000000-0000-0000-0000-000000000000';
        tool_group uuid := '00000000-0000-0000-0000-000000000000';
        today date := (now() AT TIME ZONE 'UTC')::date;
      BEGIN
        LOOP
          EXECUTE format('SELECT l.tenant_id, l.group_id FROM mcp_call_logs l WHERE (l.tenant_id, l.group_id) > (%L, %L)
            AND created_at >= %L AND created_at < %L ORDER BY l.tenant_id, l.group_id LIMIT 1', tenant, tool_group,
            on_day::timestamp AT TIME ZONE 'UTC', (on_day + 1)::timestamp AT TIME ZONE 'UTC') INTO tenant, tool_group;
          EXIT WHEN tenant IS NULL;
          tenant_id := tenant;
          group_id := tool_group;
          expired := coalesce(on_day < today - (SELECT CASE WHEN r.keep = 'days' THEN r.days WHEN r.keep IS NULL THEN default_days END
            FROM (SELECT) nothing LEFT JOIN LATERAL (SELECT own.keep, own.days FROM call_log_retention own
              WHERE own.tenant_id = tenant AND (own.group_id = tool_group OR own.group_id IS NULL) AND own.keep <> 'inherit'
              ORDER BY own.group_id NULLS LAST LIMIT 1) r ON true), false);
          RETURN NEXT;
        END LOOP;
      END $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION is_call_log_removal_noted(on_day date, tenant uuid, tool_group uuid) RETURNS boolean
      LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
      BEGIN
        RETURN EXISTS (SELECT FROM call_log_removals r WHERE r.tenant_id = tenant AND r.kind = 'retention'
          AND (r.group_id IS NULL OR r.group_id = tool_group) AND r.before >= (on_day + 1)::timestamp AT TIME ZONE 'UTC');
      END $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION drop_call_log_partition(on_day date, default_days integer) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
      DECLARE
        part text := 'mcp_call_logs_p' || to_char(on_day, 'YYYYMMDD');
        settled bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
        came_late boolean;
      BEGIN
        PERFORM pg_advisory_xact_lock(7210004);
        IF on_day >= (now() AT TIME ZONE 'UTC')::date OR to_regclass(part) IS NULL THEN RETURN false; END IF;
        LOCK TABLE call_log_retention IN SHARE MODE;
        IF EXISTS (SELECT FROM list_call_log_holdings(on_day, default_days) h
          WHERE NOT h.expired OR NOT is_call_log_removal_noted(on_day, h.tenant_id, h.group_id)) THEN RETURN false; END IF;
        LOCK TABLE ONLY mcp_call_logs IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('SELECT EXISTS (SELECT FROM mcp_call_logs WHERE recorded_in >= %s AND created_at >= %L AND created_at < %L)',
          settled, on_day::timestamp AT TIME ZONE 'UTC', (on_day + 1)::timestamp AT TIME ZONE 'UTC') INTO came_late;
        IF came_late THEN RETURN false; END IF;
        EXECUTE format('DROP TABLE %I', part);
        RETURN true;
      END $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION remove_expired_call_logs(on_day date, tenant uuid, tool_group uuid, default_days integer, batch integer)
      RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      DECLARE removed integer;
      BEGIN
        IF on_day >= (now() AT TIME ZONE 'UTC')::date OR NOT is_call_log_removal_noted(on_day, tenant, tool_group)
          OR NOT EXISTS (SELECT FROM list_call_log_holdings(on_day, default_days) h
          WHERE h.tenant_id = tenant AND h.group_id = tool_group AND h.expired) THEN RETURN 0; END IF;
        EXECUTE format('DELETE FROM mcp_call_logs l USING (SELECT id, created_at FROM mcp_call_logs WHERE tenant_id = %1$L
          AND group_id = %2$L AND created_at >= %3$L AND created_at < %4$L ORDER BY created_at LIMIT %5$s) old
          WHERE l.id = old.id AND l.created_at = old.created_at AND l.created_at >= %3$L AND l.created_at < %4$L', tenant,
          tool_group, on_day::timestamp AT TIME ZONE 'UTC', (on_day + 1)::timestamp AT TIME ZONE 'UTC', batch);
        GET DIAGNOSTICS removed = ROW_COUNT;
        RETURN removed;
      END $$
    `);
  }
}
