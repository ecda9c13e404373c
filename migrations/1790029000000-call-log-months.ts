import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SYSTEM_ROLE } from './tenant-owned.js';

/** What the system role may call. */
const FUNCTIONS = [
  'list_call_log_months()',
  'list_call_log_month_holdings(date, integer)',
  'drop_call_log_month(date, integer)',
  'begin_call_log_merge(date)',
  'go_on_with_call_log_merge(integer)',
  'end_call_log_merge()',
  'give_up_call_log_merge()',
];
/** What only these call. */
const INNER = [
  'call_log_kept_from(uuid, uuid, integer)',
  'call_log_month_table(date)',
  'call_log_columns(text)',
  'is_call_log_month(date)',
  'note_call_log_change()',
];

const UTC = `::timestamp AT TIME ZONE 'UTC'`;
const IS_MADE = 'IF to_regclass(part) IS NOT NULL THEN RETURN NULL; END IF;';
const IS_MADE_OR_MERGED =
  'IF to_regclass(part) IS NOT NULL OR is_call_log_month(on_day) THEN RETURN NULL; END IF;';

/**
 * Days of the call log that are over are merged into months, in many short transactions: the records are copied beside the log, what
 * changes meanwhile is noted by triggers and copied again, each day is compared, and then the month takes the place of its days at once.
 * Which of it is done stands in `call_log_merge`: a process that ends leaves it to the next one.
 */
export class CallLogMonths1790029000000 implements MigrationInterface {
  name = 'CallLogMonths1790029000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_log_merge" (
          "id" boolean NOT NULL DEFAULT true,
          "month" date NOT NULL,
          "days" date array NOT NULL,
          "copying" date,
          "after_id" uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
          "after_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT '-infinity',
          "compared" date,
          "settled_in" bigint NOT NULL,
          CONSTRAINT "PK_call_log_merge" PRIMARY KEY ("id"),
          CONSTRAINT "CHK_call_log_merge_one" CHECK ("id")
      )
    `);
    await queryRunner.query(`CREATE TABLE "call_log_merge_changes" ("id" uuid NOT NULL)`);
    await this.createNames(queryRunner);
    await this.createMerge(queryRunner);
    await this.createEnd(queryRunner);
    await this.createRetention(queryRunner);
    await replaceIn(queryRunner, 'make_call_log_partition', IS_MADE, IS_MADE_OR_MERGED);
    for (const signature of [...FUNCTIONS, ...INNER])
      await queryRunner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
    for (const signature of FUNCTIONS)
      await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${SYSTEM_ROLE}`);
  }

  /** Months become days again. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('SELECT give_up_call_log_merge()');
    await replaceIn(queryRunner, 'make_call_log_partition', IS_MADE_OR_MERGED, IS_MADE);
    await queryRunner.query('LOCK TABLE mcp_call_logs IN ACCESS EXCLUSIVE MODE');
    await queryRunner.query(`
      DO $$ DECLARE part text; BEGIN
        FOR part IN SELECT call_log_month_table(month) FROM list_call_log_months() AS month LOOP
          EXECUTE format('ALTER TABLE mcp_call_logs DETACH PARTITION %I', part);
          EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', part);
          EXECUTE format('INSERT INTO mcp_call_logs_default (%1$s) SELECT %1$s FROM %2$I', call_log_columns(''), part);
          EXECUTE format('DROP TABLE %I', part);
        END LOOP;
      END $$
    `);
    await queryRunner.query('SELECT make_call_log_partition(day) FROM list_stray_call_log_days() AS day');
    await this.createHoldings(queryRunner, HOLDINGS_OF_DAYS);
    for (const signature of [...FUNCTIONS, ...INNER]) await queryRunner.query(`DROP FUNCTION ${signature}`);
    await queryRunner.query('DROP TABLE "call_log_merge_changes"');
    await queryRunner.query('DROP TABLE "call_log_merge"');
  }

  private async createNames(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION call_log_month_table(on_month date) RETURNS text
      LANGUAGE sql IMMUTABLE AS $$ SELECT 'mcp_call_logs_m' || to_char(on_month, 'YYYYMM') $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION call_log_columns(before text) RETURNS text
      LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        SELECT string_agg(before || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'mcp_call_logs'::regclass AND attnum > 0 AND NOT attisdropped
      $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION list_call_log_months() RETURNS SETOF date
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT to_date(substring(c.relname FROM 16) || '01', 'YYYYMMDD') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'mcp_call_logs'::regclass AND c.relname ~ '^mcp_call_logs_m\\d{6}$' ORDER BY 1
      $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION is_call_log_month(on_day date) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM list_call_log_months() AS month WHERE month = date_trunc('month', on_day)::date)
      $$
    `);
  }

  /** The log's own columns are all copied, `recorded_in`, too: those who follow the log find each record where it was. */
  private async createMerge(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION note_call_log_change() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      BEGIN
        INSERT INTO call_log_merge_changes (id) VALUES (CASE TG_OP WHEN 'INSERT' THEN NEW.id ELSE OLD.id END);
        RETURN NULL;
      END $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION begin_call_log_merge(on_month date) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
      DECLARE
        first date := date_trunc('month', on_month)::date;
        next date := (first + interval '1 month')::date;
        part text := call_log_month_table(first);
        merged date[];
        day date;
      BEGIN
        PERFORM pg_advisory_xact_lock(7210004);
        merged := ARRAY(SELECT d FROM list_call_log_partitions() AS d WHERE d >= first AND d < next ORDER BY d);
        IF coalesce((trusted_now() AT TIME ZONE 'UTC')::date <= next, true) OR EXISTS (SELECT FROM call_log_merge)
          OR to_regclass(part) IS NOT NULL OR cardinality(merged) < 2
          OR EXISTS (SELECT FROM mcp_call_logs_default WHERE created_at >= first${UTC} AND created_at < next${UTC})
          THEN RETURN false; END IF;
        EXECUTE format('CREATE TABLE %I (LIKE mcp_call_logs INCLUDING ALL)', part);
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT "CHK_merge" CHECK (created_at IS NOT NULL AND created_at >= %L AND created_at < %L)',
          part, first${UTC}, next${UTC});
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('CREATE POLICY owner_merges ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', part);
        FOREACH day IN ARRAY merged LOOP
          EXECUTE format('CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW
            EXECUTE FUNCTION note_call_log_change()', 'mcp_call_logs_p' || to_char(day, 'YYYYMMDD'));
        END LOOP;
        INSERT INTO call_log_merge (month, days, copying, settled_in)
          VALUES (first, merged, merged[1], pg_current_xact_id()::text::bigint);
        RETURN true;
      END $$
    `);
    await queryRunner.query(GO_ON);
  }

  private async createEnd(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(END);
    await queryRunner.query(`
      CREATE FUNCTION give_up_call_log_merge() RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
      DECLARE
        m call_log_merge;
        day text;
      BEGIN
        PERFORM pg_advisory_xact_lock(7210004);
        SELECT * INTO m FROM call_log_merge FOR UPDATE;
        IF NOT FOUND THEN RETURN; END IF;
        FOR day IN SELECT t.tgrelid::regclass::text FROM pg_trigger t
          WHERE t.tgfoid = 'note_call_log_change'::regproc AND NOT t.tgisinternal LOOP
          EXECUTE format('DROP TRIGGER note_change ON %s', day);
        END LOOP;
        EXECUTE format('DROP TABLE %I', call_log_month_table(m.month));
        DELETE FROM call_log_merge_changes;
        DELETE FROM call_log_merge;
      END $$
    `);
  }

  private async createRetention(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION call_log_kept_from(tenant uuid, tool_group uuid, default_days integer) RETURNS date
      LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        SELECT (trusted_now() AT TIME ZONE 'UTC')::date
          - CASE WHEN r.keep = 'days' THEN r.days WHEN r.keep IS NULL THEN default_days END
        FROM (SELECT) nothing LEFT JOIN LATERAL (SELECT own.keep, own.days FROM call_log_retention own
          WHERE own.tenant_id = tenant AND (own.group_id = tool_group OR own.group_id IS NULL) AND own.keep <> 'inherit'
          ORDER BY own.group_id NULLS LAST LIMIT 1) r ON true
      $$
    `);
    await this.createHoldings(queryRunner, HOLDINGS);
    await queryRunner.query(MONTH_HOLDINGS);
    await queryRunner.query(`
      CREATE FUNCTION drop_call_log_month(on_month date, default_days integer) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
      DECLARE
        first date := date_trunc('month', on_month)::date;
        next date := (first + interval '1 month')::date;
        settled bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
        came_late boolean;
      BEGIN
        PERFORM pg_advisory_xact_lock(7210004);
        IF coalesce(next > (trusted_now() AT TIME ZONE 'UTC')::date, true) OR NOT is_call_log_month(first) THEN RETURN false; END IF;
        LOCK TABLE call_log_retention IN SHARE MODE;
        IF EXISTS (SELECT FROM list_call_log_month_holdings(first, default_days) h
          WHERE NOT h.expired OR NOT is_call_log_removal_noted(next - 1, h.tenant_id, h.group_id)) THEN RETURN false; END IF;
        LOCK TABLE ONLY mcp_call_logs IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('SELECT EXISTS (SELECT FROM mcp_call_logs WHERE recorded_in >= %s AND created_at >= %L AND created_at < %L)',
          settled, first${UTC}, next${UTC}) INTO came_late;
        IF came_late THEN RETURN false; END IF;
        EXECUTE format('DROP TABLE %I', call_log_month_table(first));
        RETURN true;
      END $$
    `);
  }

  private async createHoldings(queryRunner: QueryRunner, body: string): Promise<void> {
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION list_call_log_holdings(on_day date, default_days integer)
      RETURNS TABLE (tenant_id uuid, group_id uuid, expired boolean)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ ${body} $$
    `);
  }
}

/**
 * A step of a transaction each: records of one day; then what changed meanwhile; then one day is compared. The comparing takes no
 * number of a transaction while it reads: nobody who follows the log waits for it.
 */
const GO_ON = `
  CREATE FUNCTION go_on_with_call_log_merge(batch integer) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
  DECLARE
    m call_log_merge;
    part text;
    columns text := call_log_columns('');
    hashed text := format('count(*) AS records, sum(hashtextextended(ROW(%s)::text, 0)) AS digest', call_log_columns('l.'));
    day date;
    copied bigint;
    last record;
    ids uuid[];
    is_same boolean;
  BEGIN
    SELECT * INTO m FROM call_log_merge;
    IF NOT FOUND THEN RETURN 'none'; END IF;
    part := call_log_month_table(m.month);
    IF m.copying IS NOT NULL THEN
      SELECT * INTO m FROM call_log_merge WHERE month = m.month FOR UPDATE;
      IF NOT FOUND OR m.copying IS NULL THEN RETURN 'copied'; END IF;
      EXECUTE format('WITH batch AS MATERIALIZED (SELECT %1$s FROM mcp_call_logs WHERE created_at >= %2$L AND created_at < %3$L
          AND (id, created_at) > (%4$L::uuid, %5$L::timestamptz) ORDER BY id, created_at LIMIT %6$s),
        put AS (INSERT INTO %7$I (%1$s) SELECT %1$s FROM batch RETURNING id, created_at)
        SELECT id, created_at, count(*) OVER () AS records FROM put ORDER BY id DESC, created_at DESC LIMIT 1',
        columns, m.copying${UTC}, (m.copying + 1)${UTC}, m.after_id, m.after_at, batch, part) INTO last;
      IF coalesce(last.records, 0) < batch THEN
        UPDATE call_log_merge SET copying = (SELECT min(d) FROM unnest(m.days) AS d WHERE d > m.copying), after_id = DEFAULT,
          after_at = DEFAULT, settled_in = pg_current_xact_id()::text::bigint;
      ELSE
        UPDATE call_log_merge SET after_id = last.id, after_at = last.created_at, settled_in = pg_current_xact_id()::text::bigint;
      END IF;
      RETURN 'copied';
    END IF;
    IF EXISTS (SELECT FROM call_log_merge_changes) THEN
      PERFORM FROM call_log_merge FOR UPDATE;
      WITH taken AS (DELETE FROM call_log_merge_changes
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM call_log_merge_changes LIMIT batch)) RETURNING id)
        SELECT array_agg(DISTINCT id) INTO ids FROM taken;
      EXECUTE format('DELETE FROM %I WHERE id = ANY ($1)', part) USING ids;
      EXECUTE format('INSERT INTO %1$I (%2$s) SELECT %2$s FROM mcp_call_logs WHERE id = ANY ($1) AND created_at >= %3$L
        AND created_at < %4$L', part, columns, m.month${UTC}, (m.month + interval '1 month')::date${UTC}) USING ids;
      UPDATE call_log_merge SET settled_in = pg_current_xact_id()::text::bigint;
      RETURN 'changed';
    END IF;
    day := (SELECT min(d) FROM unnest(m.days) AS d WHERE d > m.compared OR m.compared IS NULL);
    IF day IS NULL THEN RETURN 'ready'; END IF;
    EXECUTE format('SELECT (SELECT ROW(own.*) FROM (SELECT %1$s FROM mcp_call_logs l WHERE created_at >= %2$L AND created_at < %3$L
        AND NOT EXISTS (SELECT FROM call_log_merge_changes c WHERE c.id = l.id)) own)
      IS NOT DISTINCT FROM (SELECT ROW(put.*) FROM (SELECT %1$s FROM %4$I l WHERE created_at >= %2$L AND created_at < %3$L
        AND NOT EXISTS (SELECT FROM call_log_merge_changes c WHERE c.id = l.id)) put)',
      hashed, day${UTC}, (day + 1)${UTC}, part) INTO is_same;
    IF NOT is_same THEN RETURN 'differs'; END IF;
    UPDATE call_log_merge SET compared = day WHERE month = m.month AND compared IS NOT DISTINCT FROM m.compared;
    RETURN 'compared';
  END $$
`;

/**
 * The month takes the place of its days: nothing is copied here, so all it takes is the catalogue. A snapshot from before the last record
 * was copied would see a part of the month: while one is held, it waits.
 */
const END = `
  CREATE FUNCTION end_call_log_merge() RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
  DECLARE
    m call_log_merge;
    part text;
    next date;
    day text;
  BEGIN
    PERFORM pg_advisory_xact_lock(7210004);
    SELECT * INTO m FROM call_log_merge FOR UPDATE;
    IF NOT FOUND THEN RETURN 'none'; END IF;
    IF m.copying IS NOT NULL OR m.compared IS DISTINCT FROM (SELECT max(d) FROM unnest(m.days) AS d) THEN RETURN 'changed'; END IF;
    part := call_log_month_table(m.month);
    next := (m.month + interval '1 month')::date;
    IF m.settled_in > pg_current_xact_id()::text::bigint THEN
      UPDATE call_log_merge SET settled_in = pg_current_xact_id()::text::bigint; -- restored into another cluster
      RETURN 'waits';
    END IF;
    IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND age(backend_xmin) >= age((m.settled_in % 4294967296)::text::xid)) THEN RETURN 'waits'; END IF;
    LOCK TABLE ONLY mcp_call_logs IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM call_log_merge_changes) THEN RETURN 'changed'; END IF;
    IF m.days <> ARRAY(SELECT d FROM list_call_log_partitions() AS d WHERE d >= m.month AND d < next ORDER BY d)
      OR cardinality(m.days) <> (SELECT count(*) FROM pg_trigger t JOIN pg_inherits i ON i.inhrelid = t.tgrelid
        WHERE i.inhparent = 'mcp_call_logs'::regclass AND t.tgfoid = 'note_call_log_change'::regproc)
      OR EXISTS (SELECT FROM mcp_call_logs_default WHERE created_at >= m.month${UTC} AND created_at < next${UTC})
      THEN RETURN 'other days'; END IF;
    FOREACH day IN ARRAY (SELECT array_agg('mcp_call_logs_p' || to_char(d, 'YYYYMMDD')) FROM unnest(m.days) AS d) LOOP
      EXECUTE format('DROP TABLE %I', day);
    END LOOP;
    EXECUTE format('ALTER TABLE mcp_call_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, m.month${UTC}, next${UTC});
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT "CHK_merge"', part);
    EXECUTE format('DROP POLICY owner_merges ON %I', part);
    DELETE FROM call_log_merge;
    RETURN 'merged';
  END $$
`;

/** Of a day: in a month's partition by its index of groups, which knows nothing of days before it. */
const HOLDINGS = `
  DECLARE
    tenant uuid := '00000000-0000-0000-0000-000000000000';
    tool_group uuid := '00000000-0000-0000-0000-000000000000';
    is_merged boolean := is_call_log_month(on_day);
    first date := CASE WHEN is_merged THEN date_trunc('month', on_day)::date ELSE on_day END;
    next date := CASE WHEN is_merged THEN (first + interval '1 month')::date ELSE on_day + 1 END;
    is_there boolean := true;
  BEGIN
    LOOP
      EXECUTE format('SELECT l.tenant_id, l.group_id FROM mcp_call_logs l WHERE (l.tenant_id, l.group_id) > (%L, %L)
        AND created_at >= %L AND created_at < %L ORDER BY l.tenant_id, l.group_id LIMIT 1', tenant, tool_group,
        first${UTC}, next${UTC}) INTO tenant, tool_group;
      EXIT WHEN tenant IS NULL;
      IF is_merged THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM mcp_call_logs WHERE tenant_id = %L AND group_id = %L AND created_at >= %L
          AND created_at < %L)', tenant, tool_group, on_day${UTC}, (on_day + 1)${UTC}) INTO is_there;
        CONTINUE WHEN NOT is_there;
      END IF;
      tenant_id := tenant;
      group_id := tool_group;
      expired := coalesce(on_day < call_log_kept_from(tenant, tool_group, default_days), false);
      RETURN NEXT;
    END LOOP;
  END
`;

/** As it was. */
const HOLDINGS_OF_DAYS = `
  DECLARE
    tenant uuid := '00000000-0000-0000-0000-000000000000';
    tool_group uuid := '00000000-0000-0000-0000-000000000000';
    today date := (trusted_now() AT TIME ZONE 'UTC')::date;
  BEGIN
    LOOP
      EXECUTE format('SELECT l.tenant_id, l.group_id FROM mcp_call_logs l WHERE (l.tenant_id, l.group_id) > (%L, %L)
        AND created_at >= %L AND created_at < %L ORDER BY l.tenant_id, l.group_id LIMIT 1', tenant, tool_group,
        on_day${UTC}, (on_day + 1)${UTC}) INTO tenant, tool_group;
      EXIT WHEN tenant IS NULL;
      tenant_id := tenant;
      group_id := tool_group;
      expired := coalesce(on_day < today - (SELECT CASE WHEN r.keep = 'days' THEN r.days WHEN r.keep IS NULL THEN default_days END
        FROM (SELECT) nothing LEFT JOIN LATERAL (SELECT own.keep, own.days FROM call_log_retention own
          WHERE own.tenant_id = tenant AND (own.group_id = tool_group OR own.group_id IS NULL) AND own.keep <> 'inherit'
          ORDER BY own.group_id NULLS LAST LIMIT 1) r ON true), false);
      RETURN NEXT;
    END LOOP;
  END
`;

/** Whose records a month has: whether nobody keeps any of them, and else the days of which they have expired. */
const MONTH_HOLDINGS = `
  CREATE FUNCTION list_call_log_month_holdings(on_month date, default_days integer)
  RETURNS TABLE (tenant_id uuid, group_id uuid, expired boolean, expired_days date[])
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DECLARE
    first date := date_trunc('month', on_month)::date;
    next date := (first + interval '1 month')::date;
    tenant uuid := '00000000-0000-0000-0000-000000000000';
    tool_group uuid := '00000000-0000-0000-0000-000000000000';
    kept_from date;
  BEGIN
    LOOP
      EXECUTE format('SELECT l.tenant_id, l.group_id FROM mcp_call_logs l WHERE (l.tenant_id, l.group_id) > (%L, %L)
        AND created_at >= %L AND created_at < %L ORDER BY l.tenant_id, l.group_id LIMIT 1', tenant, tool_group,
        first${UTC}, next${UTC}) INTO tenant, tool_group;
      EXIT WHEN tenant IS NULL;
      tenant_id := tenant;
      group_id := tool_group;
      kept_from := call_log_kept_from(tenant, tool_group, default_days);
      expired_days := '{}';
      IF kept_from > first THEN
        EXECUTE format('SELECT array_agg(d.day::date ORDER BY d.day) FROM generate_series(%3$L::date, %4$L::date, interval ''1 day'') AS d (day)
          WHERE EXISTS (SELECT FROM mcp_call_logs l WHERE l.tenant_id = %1$L AND l.group_id = %2$L AND l.created_at >= %5$L
            AND l.created_at < %6$L AND l.created_at >= d.day AT TIME ZONE ''UTC''
            AND l.created_at < (d.day + interval ''1 day'') AT TIME ZONE ''UTC'')',
          tenant, tool_group, first, least(kept_from, next) - 1, first${UTC}, next${UTC}) INTO expired_days;
      END IF;
      expired := coalesce(kept_from >= next, false);
      RETURN NEXT;
    END LOOP;
  END $$
`;

async function replaceIn(
  queryRunner: QueryRunner,
  name: string,
  before: string,
  after: string,
): Promise<void> {
  await queryRunner.query(`
    DO $$ BEGIN
      EXECUTE replace(pg_get_functiondef('${name}'::regproc), '${before}', '${after}');
    END $$
  `);
}
