/**
 * Brings every session to these, as PostgreSQL prints them: a server, a database or a role may have set others, for which what we
 * read or promise would not hold.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  // What is answered is on disk, and can be written at all.
  synchronous_commit: 'on',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  row_security: 'on',
  // Names mean our tables, and nobody's who has a schema of the same name or a temporary table.
  search_path: 'public, pg_temp',
  // How values are written and read.
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  extra_float_digits: '1',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  timezone_abbreviations: 'Default',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  xmlbinary: 'base64',
  xmloption: 'content',
  // A search finds all there is.
  gin_fuzzy_search_limit: '0',
  restrict_nonsystem_relation_kind: '',
  // A read of the call log looks at the partitions of its days, and takes locks of no others.
  plan_cache_mode: 'auto',
  enable_partition_pruning: 'on',
  // Who waits for a statement ends it; no clock of the server does.
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  exit_on_error: 'off',
  'plpgsql.extra_errors': 'none',
  // Compiling what it takes for a large query costs a short one ten times its own work.
  jit: 'off',
  // No parameter of a failed statement stands in the server's log.
  log_parameter_max_length_on_error: '0',
  // Whose rows are seen is said by each unit of work.
  'toolcrib.tenant_id': '',
  'toolcrib.person_id': '',
};

/** Keeps what promises more than ours: with it a standby has applied what is answered. */
const KEPT: Readonly<Record<string, string>> = { synchronous_commit: 'remote_apply' };

/** Only an administrator may change these, so a session that has others is refused. */
const REQUIRED: Readonly<Record<string, string>> = {
  session_replication_role: 'origin', // else no trigger runs and no foreign key is checked
  zero_damaged_pages: 'off',
  ignore_checksum_failure: 'off',
  ignore_system_indexes: 'off',
  'plpgsql.variable_conflict': 'error',
};

/** A setting of which the server, the database or the role has another value. */
export type OtherSetting = { readonly name: string; readonly value: string };

/** One row of {@link BRING_SESSION}. */
export type SettingRow = {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly pid: number;
};

/**
 * Sets all of them in one round trip; those that this version of PostgreSQL does not know stay null. No NULL is in its arrays, which a
 * session with `array_nulls` off would take for a text.
 */
export const BRING_SESSION = {
  text: `SELECT wanted.name, pg_backend_pid() AS pid, current_setting(wanted.name, true) AS before,
      CASE WHEN NOT wanted.sets OR current_setting(wanted.name, true) = wanted.kept THEN current_setting(wanted.name, true)
        WHEN current_setting(wanted.name, true) IS NULL AND strpos(wanted.name, '.') = 0 THEN NULL
        ELSE set_config(wanted.name, wanted.value, false) END AS after
    FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS wanted (name, value, kept, sets)`,
  values: [
    [...Object.keys(SETTINGS), ...Object.keys(REQUIRED)],
    [...Object.values(SETTINGS), ...Object.values(REQUIRED)],
    [...Object.entries(SETTINGS), ...Object.entries(REQUIRED)].map(([name, value]) => KEPT[name] ?? value),
    [...Object.keys(SETTINGS).map(() => true), ...Object.keys(REQUIRED).map(() => false)],
  ],
};

/** What the session has after all otherwise than we rely on. */
export function listWrongSettings(rows: readonly SettingRow[]): OtherSetting[] {
  return rows.flatMap(({ name, after }) => {
    const isRight = after === null || after === (SETTINGS[name] ?? REQUIRED[name]) || after === KEPT[name];
    return isRight ? [] : [{ name, value: after }];
  });
}

/** What was set otherwise before. */
export function listChangedSettings(rows: readonly SettingRow[]): OtherSetting[] {
  return rows.flatMap(({ name, before, after }) =>
    before === null || before === after ? [] : [{ name, value: before }],
  );
}
