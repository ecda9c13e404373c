import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Config } from '../../platform/config.js';
import { withAdvisoryLock } from '../../platform/database/advisory-locks.js';
import { inTenant } from '../../platform/request-scope.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { dataSourceOptions, systemDataSourceOptions } from '../database/database.js';
import { type Resealing, SEALED_COLUMNS } from './sealed-columns.js';
import { openStored } from './stored-secret.js';

const STEP = 'bind-secrets';
const BATCH_ROWS = 50;

/** Whether every secret is bound to its place: see {@link bindSecrets}. */
export async function areSecretsBound(dataSource: DataSource): Promise<boolean> {
  const found = await dataSource.query<unknown[]>('SELECT FROM installation_steps WHERE name = $1', [STEP]);
  return found.length > 0;
}

/**
 * Seals the secrets of an older version anew, bound to tenant, table, column and row, before the service opens any. Once for an
 * installation; replicas that start together wait for the first. What does not open under the known master keys stays as it is:
 * it did not open before either.
 *
 * @param owner As the owner of the schema, who alone may say that it is done.
 */
export async function bindSecrets(owner: DataSource, config: Config): Promise<void> {
  if (await areSecretsBound(owner)) return;
  const bind = async () => {
    if (await areSecretsBound(owner)) return;
    const secrets = await sealAll(config);
    await owner.query('INSERT INTO installation_steps (name) VALUES ($1)', [STEP]);
    if (secrets > 0)
      new Logger('Toolcrib').log(`${secrets} secrets were bound to their tenant, table, column and row`);
  };
  await withAdvisoryLock(owner, 'bindSecrets', bind, { waitSeconds: config.env.MIGRATE_WAIT_SECONDS });
}

async function sealAll(config: Config): Promise<number> {
  const system = await new DataSource(systemDataSourceOptions(config)).initialize();
  const app = await new DataSource(dataSourceOptions(config)).initialize();
  try {
    const tenants = await system.query<{ id: string }[]>('SELECT id FROM tenants ORDER BY id');
    const box = tenants.length > 0 ? new SecretBox(config) : undefined;
    let total = 0;
    for (const { id: tenantId } of tenants)
      for (const column of SEALED_COLUMNS)
        total += await inTenant(tenantId, () => sealColumn(app, box!, { tenantId, ...column }));
    return total;
  } finally {
    await app.destroy();
    await system.destroy();
  }
}

async function sealColumn(
  app: DataSource,
  box: SecretBox,
  resealing: Resealing & { readonly tenantId: string },
): Promise<number> {
  const { sealed, id, tenantId } = resealing;
  const { table, column } = sealed;
  const boundFormat = box.presentPrefix.subarray(0, 1);
  let total = 0;
  let after: string | null = null;
  for (;;) {
    const rows: { id: string; box: Buffer }[] = await app.query(
      `SELECT ${id} AS id, ${column} AS box FROM ${table}
       WHERE substring(${column} FROM 1 FOR 1) < $1 AND ($2::uuid IS NULL OR ${id} > $2) ORDER BY ${id} LIMIT ${BATCH_ROWS}`,
      [boundFormat, after],
    );
    for (const row of rows) {
      const secret = openOrNull(box, row, resealing);
      if (secret === null) continue;
      const context = sealed.contextOf(tenantId, row.id);
      // Only as it was read: an older replica that still runs may have put another there.
      await app.query(`UPDATE ${table} SET ${column} = $2 WHERE ${id} = $1 AND ${column} = $3`, [
        row.id,
        box.seal(secret, context),
        row.box,
      ]);
      total += 1;
    }
    if (rows.length < BATCH_ROWS) return total;
    after = rows.at(-1)!.id;
  }
}

function openOrNull(...stored: Parameters<typeof openStored>): string | null {
  try {
    return openStored(...stored);
  } catch {
    return null;
  }
}
