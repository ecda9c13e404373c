import { MADE_UP } from '../../access/tenant.entity.js';
import { access } from 'node:fs/promises';
import type { Client } from 'pg';
import { holdShared } from '../../platform/database/advisory-locks.js';
import { DatabaseClient } from '../../platform/database/database-client.js';
import { KEEP_ALIVE } from '../../platform/database/line.js';
import { StartError } from '../../platform/errors.js';
import type { Config } from '../../platform/config.js';
import { AllowedRemovals } from './allowed-removals.js';
import { type Finding, nameSwaps, TenantReport, type VerifyResult } from './report.js';
import { type Trust, trustedKeys } from './trusted-keys.js';
import { ChainCheck } from './verify-chains.js';
import { CheckpointCheck } from './verify-checkpoints.js';
import { OutsideCheckpoints } from './verify-outside.js';
import { findAdded } from './verify-extras.js';
import { LogReader } from './log-reader.js';
import { findHiding, READ_BY_SERVICE, READ_BY_SYSTEM } from './verify-policies.js';
import { type Period, RecordCheck } from './verify-records.js';

export type VerifyOptions = Period & {
  /** By name or id. @default all */
  readonly tenant?: string | undefined;
  /** Checkpoints that were kept outside: JSON Lines. */
  readonly checkpoints?: string | undefined;
  /** Whose signatures count: PEM, one or more. */
  readonly publicKey?: string | undefined;
};

/**
 * Recomputes the log of one tenant or all from its rows. Reads as the service's own role, which may only SELECT from the log,
 * in a transaction that can write nothing: one snapshot for each tenant, so that a running service does not disturb it. And
 * looks first for what may keep rows from that role: those would be missing to everybody and to this check alike.
 *
 * @throws {StartError} No such tenant, or a file cannot be read.
 */
export async function verifyLog(config: Config, options: VerifyOptions): Promise<VerifyResult> {
  if (options.checkpoints !== undefined) {
    await access(options.checkpoints).catch((cause: unknown) => {
      throw new StartError(`${options.checkpoints} cannot be read`, { cause });
    });
  }
  const { tenants, hiding } = await findTenants(config, options.tenant);
  const client = await connected(config.databaseUrls.app, 'toolcrib');
  const reader = await connected(config.databaseUrls.app, 'toolcrib');
  try {
    // Its transactions are short: nothing else keeps a partition from being dropped under it.
    await holdShared(
      { query: async (sql, values) => (await reader.query(sql, values)).rows },
      'callLogReading',
    );
    const findings = [...hiding, ...(await findHiding(client, READ_BY_SERVICE))];
    const trust = await trustedKeys(client, config, options.publicKey);
    const reports: TenantReport[] = [];
    const deleted = new Set<string>();
    for (const { id, name } of tenants) {
      const report = new TenantReport(id, name);
      const allowed = await verifyTenant({ client, reader }, report, { ...options, trust, config });
      for (const tenantId of allowed.deletedTenants) deleted.add(tenantId);
      reports.push(report);
    }
    nameSwaps(reports);
    if (options.checkpoints !== undefined) {
      const known = { reports, deleted: options.tenant === undefined ? deleted : undefined };
      const outside = new OutsideCheckpoints(client, trust, known);
      reports.push(...(await outside.check(options.checkpoints)));
    }
    return { findings, reports, notes: trust.note === undefined ? [] : [trust.note] };
  } finally {
    await Promise.all([client.end(), reader.end()]);
  }
}

async function verifyTenant(
  { client, reader }: { readonly client: Client; readonly reader: Client },
  report: TenantReport,
  { from, to, trust, config }: Period & { readonly trust: Trust; readonly config: Config },
): Promise<AllowedRemovals> {
  const period = { from, to };
  for (const connection of [client, reader])
    await connection.query(`SELECT set_config('toolcrib.tenant_id', $1, false)`, [report.tenantId]);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const snapshot = await LogReader.take(client, reader);
  // One lookup per record by its key: a plan that reads the whole table for each page of records would be far slower.
  await reader.query('SET enable_hashjoin = off; SET enable_mergejoin = off');
  const allowed = await AllowedRemovals.load(client, report, trust);
  const every = config.env.CHECKPOINT_EVERY_SECONDS;
  const checkpoints = new CheckpointCheck(snapshot, report, { trust, every });
  await checkpoints.run();
  const records = new RecordCheck(snapshot, report, allowed, period);
  await new ChainCheck(client, report, { records, allowed, period }).run();
  await reader.query('SET enable_hashjoin = on; SET enable_mergejoin = on');
  const noted = await notedUncovered(client, report);
  const signed = checkpoints.uncovered;
  if (
    signed &&
    (signed.records !== noted.records || signed.newestAt?.getTime() !== noted.newestAt?.getTime())
  ) {
    report.add(
      'uncovered_changed',
      'the number of records from before there were chains is not what the first checkpoint says',
    );
  }
  await findAdded(snapshot, report, { period, uncovered: signed ?? noted, allowed });
  await snapshot.end();
  await client.query('COMMIT');
  return allowed;
}

async function notedUncovered(client: Client, { tenantId }: TenantReport) {
  const { rows } = await client.query<{ records: string; newestAt: Date }>(
    'SELECT records, newest_at AS "newestAt" FROM call_log_uncovered WHERE tenant_id = $1',
    [tenantId],
  );
  return { records: Number(rows[0]?.records ?? 0), newestAt: rows[0]?.newestAt ?? null };
}

type FoundTenants = {
  readonly tenants: readonly { readonly id: string; readonly name: string }[];
  readonly hiding: readonly Finding[];
};

async function findTenants(config: Config, wanted: string | undefined): Promise<FoundTenants> {
  const client = await connected(config.databaseUrls.system, 'toolcrib-system');
  try {
    const hiding = await findHiding(client, READ_BY_SYSTEM);
    const { rows } = await client.query<{ id: string; name: string }>(
      `SELECT id, name FROM tenants WHERE ($1::text IS NULL AND NOT ${MADE_UP}) OR name = $1 OR id::text = $1
       ORDER BY created_at, id`,
      [wanted ?? null],
    );
    const isMissing = wanted !== undefined && rows.length === 0;
    if (isMissing && hiding.length === 0) throw new StartError(`There is no tenant '${wanted}'`);
    return { tenants: rows, hiding };
  } finally {
    await client.end();
  }
}

/** Under the service's own name: nothing in the database is to tell this reader from it. */
async function connected(connectionString: string, name: string): Promise<DatabaseClient> {
  const client = new DatabaseClient({ connectionString, application_name: name, ...KEEP_ALIVE });
  await client.connect();
  return client;
}
