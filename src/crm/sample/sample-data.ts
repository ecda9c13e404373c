import { setImmediate } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { SAMPLE_CONSULTANTS, SAMPLE_PROJECTS } from './sample-catalogue.js';
import { CopyBatch, SAMPLE_TABLES } from './sample-copy.js';
import { writeConsultations, writeConversations, writeTasks } from './sample-history.js';
import { makePerson, type SampleWorld, writePreferences, writeProfile, writeUser } from './sample-person.js';
import { SampleIds } from './sample-random.js';

export const SAMPLE_SEED = 20_260_101;
const MESSAGES_PER_CUSTOMER = 50;
/** Bounds the memory of a batch, here and in the server, which keeps foreign keys to check until the COPY ends. */
const BATCH_ROWS = 20_000;
const UNIQUE_VIOLATION = '23505';
/** Above every sample id, below every real UUIDv7. */
const SAMPLE_IDS_END = '00010000-0000-7000-8000-000000000000';

export type SampleProgress = {
  /** Customers written so far, of `customers` asked for. */
  readonly customersDone: number;
  readonly customers: number;
  readonly rows: number;
  readonly rowsPerSecond: number;
};

export type SampleOptions = {
  readonly tenantId: string;
  readonly customers: number;
  /** Number of the first one; to append, what {@link findNextSampleCustomer} gives. @default 0 */
  readonly firstCustomer?: number;
  /** Average. @default 50 */
  readonly messagesPerCustomer?: number;
  /** The same seed and tenant give the same rows with the same ids. @default SAMPLE_SEED */
  readonly seed?: number;
  /** What the sample's history ends at; ids do not depend on it. @default today, midnight UTC */
  readonly asOf?: Date;
  /** After every batch of about 20,000 rows. */
  readonly onProgress?: (progress: SampleProgress) => void;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
};

/**
 * Fills a tenant with customers of a made-up clinic and all that belongs to them, through COPY. Memory stays the same
 * whatever the number. Each batch is one transaction: what was written before a failure or abort stays.
 *
 * @returns The last progress.
 * @throws {NotFoundError} No such tenant.
 * @throws {ConflictError} The tenant has sample customers with these numbers already, or rows with the same names.
 */
export async function generateSample(
  dataSource: DataSource,
  options: SampleOptions,
): Promise<SampleProgress> {
  const runner = dataSource.createQueryRunner();
  try {
    const client = (await inTenant(options.tenantId, () => runner.connect())) as PoolClient;
    return await fill(client, options);
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
    const { constraint = '' } = error as { constraint?: string };
    throw new ConflictError(`The tenant already has a row of its own that the sample needs (${constraint})`, {
      cause: error,
    });
  } finally {
    await runner.release();
  }
}

/**
 * Fresh statistics after a lot of rows, and the search indexes' pending entries moved to their place. Autovacuum would come
 * to it, later.
 *
 * @param owner As the schema's owner: nobody else may.
 */
export async function vacuumSample(owner: DataSource): Promise<void> {
  for (const table of SAMPLE_TABLES) await owner.query(`VACUUM (ANALYZE) ${table}`);
}

/** The number that comes after the tenant's last sample customer; 0 when there is none. */
export async function findNextSampleCustomer(dataSource: DataSource, tenantId: string): Promise<number> {
  const [last] = await inTenant(tenantId, () =>
    dataSource.query<{ id: string }[]>(
      `SELECT id FROM users WHERE tenant_id = $1 AND id < $2 AND 'customer' = ANY (roles) ORDER BY id DESC LIMIT 1`,
      [tenantId, SAMPLE_IDS_END],
    ),
  );
  return last ? SampleIds.customerOf(last.id) + 1 : 0;
}

async function fill(client: PoolClient, options: SampleOptions): Promise<SampleProgress> {
  const { tenantId, customers, firstCustomer = 0, seed = SAMPLE_SEED, onProgress, signal } = options;
  const world: SampleWorld = {
    tenantId,
    seed,
    ids: new SampleIds(tenantId, seed),
    asOf: options.asOf ?? new Date(new Date().setUTCHours(0, 0, 0, 0)),
    messagesPerCustomer: options.messagesPerCustomer ?? MESSAGES_PER_CUSTOMER,
  };
  const end = firstCustomer + customers;
  await requireFree(client, world, { firstCustomer, end });
  await writeTenantRows(client, world);
  const startedMs = performance.now();
  let progress: SampleProgress = { customersDone: 0, customers, rows: 0, rowsPerSecond: 0 };
  let filled = await fillBatch(world, { from: firstCustomer, end });
  while (filled.batch.rows > 0) {
    signal?.throwIfAborted();
    const { batch, nextCustomer } = filled;
    // The next batch is made while the database works on this one.
    [, filled] = await Promise.all([batch.write(client), fillBatch(world, { from: nextCustomer, end })]);
    const rows = progress.rows + batch.rows;
    const rowsPerSecond = Math.round((rows * 1000) / (performance.now() - startedMs));
    progress = { customersDone: nextCustomer - firstCustomer, customers, rows, rowsPerSecond };
    onProgress?.(progress);
  }
  return progress;
}

type Filled = { readonly batch: CopyBatch; readonly nextCustomer: number };

async function fillBatch(world: SampleWorld, { from, end }: { from: number; end: number }): Promise<Filled> {
  const batch = new CopyBatch();
  let number = from;
  while (number < end && batch.rows < BATCH_ROWS) {
    writeCustomer(world, number, batch);
    number += 1;
    await setImmediate(); // lets the COPY of the batch before go on
  }
  return { batch, nextCustomer: number };
}

/** One customer with all rows that belong to it. */
export function writeCustomer(world: SampleWorld, number: number, batch: CopyBatch): void {
  const person = makePerson(world, number);
  writeUser(person, batch);
  writeProfile(person, batch);
  writePreferences(person, batch);
  writeConversations(person, batch);
  writeConsultations(person, batch);
  writeTasks(person, batch);
}

async function requireFree(
  client: PoolClient,
  { tenantId, ids }: SampleWorld,
  { firstCustomer, end }: { firstCustomer: number; end: number },
): Promise<void> {
  const tenant = await client.query('SELECT 1 FROM tenants WHERE id = $1', [tenantId]);
  if (tenant.rowCount === 0) throw new NotFoundError(`No tenant '${tenantId}'`);
  const taken = await client.query(
    `SELECT 1 FROM users WHERE tenant_id = $1 AND id >= $2 AND id < $3 AND 'customer' = ANY (roles) LIMIT 1`,
    [tenantId, ids.of('customer', firstCustomer), ids.of('customer', end)],
  );
  if (taken.rowCount === 0) return;
  throw new ConflictError(
    `The tenant already has sample customers numbered ${firstCustomer} to ${end - 1}. To add more, start at the next free number`,
  );
}

/** The consultants and the catalogue, once per tenant. */
async function writeTenantRows(client: PoolClient, { tenantId, ids, asOf }: SampleWorld): Promise<void> {
  for (const [index, { username, name }] of SAMPLE_CONSULTANTS.entries()) {
    await client.query(
      `INSERT INTO users (id, tenant_id, username, email, display_name, roles, created_at)
       VALUES ($1, $2, $3, $4, $5, '{consultant}', $6) ON CONFLICT (id) DO NOTHING`,
      [ids.of('consultant', index), tenantId, username, `${username}@example.com`, name, asOf],
    );
  }
  for (const [index, project] of SAMPLE_PROJECTS.entries()) {
    await client.query(
      `INSERT INTO projects (id, tenant_id, code, name, category, description, price_min_cents, price_max_cents,
         duration_minutes, recovery_days, usual_sessions, session_interval_days, contraindications, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING`,
      [
        ids.of('project', index),
        tenantId,
        project.code,
        project.name,
        project.category,
        project.description,
        project.priceMinCents,
        project.priceMaxCents,
        project.durationMinutes,
        project.recoveryDays,
        project.usualSessions,
        project.sessionIntervalDays,
        project.contraindications,
        asOf,
      ],
    );
  }
}
