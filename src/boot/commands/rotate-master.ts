import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { CommandModule } from '../../app.module.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { MADE_UP, Tenant } from '../../access/tenant.entity.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { inTenant } from '../../platform/request-scope.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { DataDir } from '../data-dir.js';
import { StartError } from '../../platform/errors.js';
import {
  MASTER_KEY_BYTES,
  MASTER_KEY_FILE,
  PREVIOUS_KEY_FILE,
  readMasterKeys,
} from '../master-keys/master-key-files.js';
import { type Resealing, SEALED_COLUMNS } from '../master-keys/sealed-columns.js';
import { openStored } from '../master-keys/stored-secret.js';

const BATCH_ROWS = 50;
const LEASE_MARGIN_MS = 1000;
/** Before every id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** A secret that no known master key opens: where it lies, for an administrator to set it anew. */
export type Unopened = { readonly tenantId: string; readonly column: string; readonly id: string };

/** How much was sealed anew, and what could not be. */
export type Rotation = {
  readonly secrets: number;
  readonly tenants: number;
  readonly unopened: readonly Unopened[];
};

/**
 * Puts every stored secret under a new master key while the service runs. A run that was interrupted goes on where it ended:
 * each secret says under which key it lies. What does not open is left as it is and named, and the rest goes on. With the embedded database the new key is made here; else it is
 * TOOLCRIB_MASTER_KEY, and the one so far TOOLCRIB_MASTER_KEY_PREVIOUS, on every replica.
 *
 * @throws {StartError} There is no other key to rotate to, or a running replica does not know the new one. Nothing is lost.
 */
export async function rotateMaster(config: Config): Promise<Rotation> {
  const masterKeys = config.env.TOOLCRIB_MASTER_KEY ? config.masterKeys : makeNewKey(config);
  if (masterKeys.length < 2) {
    throw new StartError(
      'There is no new master key to rotate to. Start every replica, and this command, with TOOLCRIB_MASTER_KEY set to the ' +
        'new key (openssl rand -base64 32) and TOOLCRIB_MASTER_KEY_PREVIOUS to the one used so far',
    );
  }
  return withApp(config.with({ masterKeys }), async (app) => {
    await requireReplicasToKnow(app);
    const tenants = await findTenants(app);
    const unopened: Unopened[] = [];
    let secrets = 0;
    for (const { id } of tenants) {
      secrets += await inTenant(id, () => sealAnew(app, id, unopened));
    }
    return { secrets, tenants: tenants.length, unopened };
  });
}

/**
 * Forgets the previous master key, once nothing lies under it any more. Access tokens signed under it end with it.
 *
 * @throws {StartError} A secret still lies under it.
 */
export async function dropPreviousMaster(config: Config): Promise<void> {
  if (config.env.TOOLCRIB_MASTER_KEY)
    throw new StartError('Take TOOLCRIB_MASTER_KEY_PREVIOUS out of the settings of every replica instead');
  const dataDir = DataDir.open(config.dataDir);
  await withApp(config.with({ masterKeys: readMasterKeys(config, dataDir) }), async (app) => {
    const tenants = await findTenants(app);
    for (const { id, name } of tenants) {
      const left = await inTenant(id, () => countLeft(app));
      if (left > 0)
        throw new StartError(
          `${left} secrets of tenant ${name} lie under the previous key. Run: toolcrib keys rotate-master. ` +
            'Set anew, or remove, what it names as not opening',
        );
    }
    rmSync(dataDir.file(PREVIOUS_KEY_FILE), { force: true });
    await requireReplicasToKnow(app).catch((cause: unknown) => {
      throw new StartError(
        'The previous key is removed, but a running service has not confirmed that it has forgotten it; restart it to be sure',
        { cause },
      );
    });
  });
}

/** Of those that a killed `doctor --isolation` left, what is sealed is nobody's and made up: some of it opens with no key. */
function findTenants(app: INestApplicationContext): Promise<Tenant[]> {
  return app
    .get<DataSource>(getDataSourceToken(SYSTEM_DATABASE))
    .getRepository(Tenant)
    .createQueryBuilder()
    .where(`NOT ${MADE_UP}`)
    .getMany();
}

async function withApp<T>(config: Config, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const named = config.named(`toolcrib keys (process ${process.pid})`);
  const app = await NestFactory.createApplicationContext(CommandModule.forRoot(named), {
    abortOnError: false,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** The old key is kept first: there is no moment at which a key that is in use is in no file. */
function makeNewKey(config: Config): Buffer[] {
  const dataDir = DataDir.open(config.dataDir);
  const [file, previous] = [dataDir.file(MASTER_KEY_FILE), dataDir.file(PREVIOUS_KEY_FILE)];
  if (!existsSync(previous)) {
    replaceFile(previous, readFileSync(file, 'utf8'));
    replaceFile(file, `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`);
  } else if (readFileSync(previous, 'utf8') === readFileSync(file, 'utf8')) {
    replaceFile(file, `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`); // ended between the two lines above
  }
  return readMasterKeys(config, dataDir);
}

function replaceFile(file: string, text: string): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, text, { mode: 0o600, flush: true });
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, file);
}

/** Before anything lies under the new key, everybody must be able to open it. */
async function requireReplicasToKnow(app: INestApplicationContext): Promise<void> {
  const bus = app.get(ChangeBus);
  const tell = () =>
    bus.commit((manager) => bus.publish(manager, { kind: 'master_key', id: app.get(SecretBox).keyId }));
  // A process that was killed, such as a run of this command before, counts as live until its lease is over.
  const deadlineMs = performance.now() + app.get(Config).env.REPLICA_LEASE_MS + LEASE_MARGIN_MS;
  let { effect } = await tell();
  while (!effect.effectiveImmediately && performance.now() < deadlineMs) ({ effect } = await tell());
  if (effect.effectiveImmediately) return;
  const silent = effect.replicas.filter(({ ms }) => ms === null).map(({ name }) => name);
  throw new StartError(
    `These replicas have not confirmed that they know the new master key: ${silent.join(', ') || 'unknown'}. ` +
      'Start them with both keys and run this again; nothing is lost, both keys are in use until then',
  );
}

async function sealAnew(
  app: INestApplicationContext,
  tenantId: string,
  unopened: Unopened[],
): Promise<number> {
  const bus = app.get(ChangeBus);
  let total = 0;
  for (const column of SEALED_COLUMNS) {
    for (let after: string | null = NO_ID; after !== null;) {
      const from: string = after;
      const { result } = await bus.commit((manager) =>
        sealBatch(app, manager, { tenantId, after: from, ...column }),
      );
      total += result.sealed;
      unopened.push(...result.unopened);
      after = result.last;
    }
  }
  if (total > 0) {
    await app
      .get<DataSource>(getDataSourceToken())
      .transaction((manager) =>
        app
          .get(AuditTrail)
          .record(
            manager,
            { kind: 'system', tenantId, job: 'toolcrib keys rotate-master' },
            { action: 'master_key.rotate', after: { secrets: total } },
          ),
      );
    new Logger('Toolcrib').log({
      message: 'Secrets were sealed under the new master key',
      tenantId,
      secrets: total,
    });
  }
  return total;
}

type SealedBatch = {
  readonly sealed: number;
  readonly unopened: readonly Unopened[];
  /** Where the next batch goes on; null: this was the last. */
  readonly last: string | null;
};

type SealedRow = { readonly id: string; readonly box: Buffer; readonly told: string | null };

async function sealBatch(
  app: INestApplicationContext,
  manager: EntityManager,
  { tenantId, after, ...resealing }: Resealing & { readonly tenantId: string; readonly after: string },
): Promise<SealedBatch> {
  const { sealed, id, digest, change } = resealing;
  const unopened: Unopened[] = [];
  const { table, column } = sealed;
  const box = app.get(SecretBox);
  const rows = await manager.query<SealedRow[]>(
    `SELECT ${id} AS id, ${column} AS box, ${change?.id ?? 'NULL'} AS told FROM ${table}
     WHERE ${column} IS NOT NULL AND substring(${column} FROM 1 FOR 5) <> $1 AND ${id} > $2
     ORDER BY ${id} LIMIT ${BATCH_ROWS} FOR UPDATE`,
    [box.presentPrefix, after],
  );
  for (const row of rows) {
    const secret = openOf(box, row, { tenantId, ...resealing });
    if (secret === undefined) {
      unopened.push({ tenantId, column: `${table}.${column}`, id: row.id });
      continue;
    }
    const values = [
      row.id,
      secret === null ? null : box.seal(secret, sealed.contextOf(tenantId, row.id)),
      ...(digest && secret !== null ? [box.digest(secret)] : []),
    ];
    const digested = digest ? `, ${digest} = $3` : '';
    await manager.query(`UPDATE ${table} SET ${column} = $2${digested} WHERE ${id} = $1`, values);
  }
  // Replicas look keys up by their hashes.
  const told = new Set(rows.flatMap((row) => (change && row.told !== null ? [row.told] : [])));
  for (const one of told) await app.get(ChangeBus).publish(manager, { kind: change!.kind, id: one });
  const last = rows.length === BATCH_ROWS ? (rows.at(-1)?.id ?? null) : null;
  return { sealed: rows.length - unopened.length, unopened, last };
}

/** Null: it does not open, and may be forgotten. Undefined: it does not open, and may not. */
function openOf(
  box: SecretBox,
  row: SealedRow,
  { tenantId, isDispensable, ...resealing }: Resealing & { readonly tenantId: string },
): string | null | undefined {
  try {
    return openStored(box, row, { tenantId, ...resealing });
  } catch {
    return isDispensable ? null : undefined;
  }
}

async function countLeft(app: INestApplicationContext): Promise<number> {
  const dataSource = app.get<DataSource>(getDataSourceToken());
  let left = 0;
  for (const { sealed } of SEALED_COLUMNS) {
    const { table, column } = sealed;
    const [{ count }] = await dataSource.query<[{ count: number }]>(
      `SELECT count(*)::int FROM ${table} WHERE ${column} IS NOT NULL AND substring(${column} FROM 1 FOR 5) <> $1`,
      [app.get(SecretBox).presentPrefix],
    );
    left += count;
  }
  return left;
}
