import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { withAdvisoryLock } from '../platform/database/advisory-locks.js';
import { messageOf } from '../platform/errors.js';
import { withOwner } from './database/migrate.js';
import { generatePassword } from './commands/admin-password.js';
import { AuditTrail, systemActor } from '../access/audit/audit-trail.js';
import { insertFirstTenant, openFirstTenant } from '../auth/tenants/first-tenant.js';
import { Tenant } from '../access/tenant.entity.js';
import { User } from '../access/user.entity.js';
import { inTenant } from '../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../platform/database/system-database.js';
import type { Config } from '../platform/config.js';
import { findNextSampleCustomer, generateSample, vacuumSample } from '../crm/sample/sample-data.js';
import { CatalogStore } from '../groups/catalog-store.js';
import { type MadeGroup, SampleGroupMaker } from '../groups/sample-group.js';

const SAMPLE_CUSTOMERS = 200;

/** What the first start made, to be shown once. Holds secrets. */
export type FirstStart = {
  readonly adminEmail: string;
  /** Undefined: `ADMIN_PASSWORD` was set, so the operator knows it. */
  readonly generatedPassword: string | undefined;
  readonly sampleGroup: MadeGroup | undefined;
};

/**
 * On an empty database: the tenant `default`, its admin and, with `SAMPLE_DATA`, a business to try and a group with every
 * tool. Of replicas that start together one does it. The tenant is disabled until the last step, one transaction, so that
 * a start after a crash goes on where this one ended.
 *
 * A crash between the commit and the printing loses the generated password: `toolcrib admin reset-password` makes another,
 * and the API shows the group's key again.
 *
 * @param app Initialised: the tools are registered and changes are heard of.
 * @returns Undefined when it was done before.
 */
export async function firstStart(
  app: INestApplicationContext,
  config: Config,
): Promise<FirstStart | undefined> {
  const dataSource = app.get(DataSource);
  const make = async () => {
    const tenantId = await findUnfinishedTenant(app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE)));
    if (tenantId === undefined) return undefined;
    return inTenant(tenantId, async () => {
      if (config.sampleData) await fillWithSample(config, dataSource, tenantId);
      return dataSource.transaction((manager) => finish(app, manager, { tenantId, config }));
    });
  };
  const waitSeconds = config.env.MIGRATE_WAIT_SECONDS;
  const made = await withAdvisoryLock(dataSource, 'firstStart', make, { waitSeconds });
  // The commit has told every replica; this one does not wait to hear of itself.
  if (made?.sampleGroup) await app.get(CatalogStore).refresh(made.sampleGroup.id);
  return made;
}

async function findUnfinishedTenant(system: DataSource): Promise<string | undefined> {
  const [tenant, second] = await system.getRepository(Tenant).find({ take: 2 });
  if (!tenant) return insertFirstTenant(system);
  // An operator may have disabled a tenant, but that one has an admin.
  const isUnfinished = !second && !tenant.enabled;
  if (!isUnfinished || (await system.manager.existsBy(User, { passwordHash: Not(IsNull()) })))
    return undefined;
  return tenant.id;
}

async function fillWithSample(config: Config, dataSource: DataSource, tenantId: string): Promise<void> {
  const firstCustomer = await findNextSampleCustomer(dataSource, tenantId);
  const customers = SAMPLE_CUSTOMERS - firstCustomer;
  if (customers <= 0) return;
  await generateSample(dataSource, { tenantId, firstCustomer, customers });
  // Newcomers look at once, and without statistics a search takes three times as long. Not every service knows its owner's address.
  await withOwner(config, vacuumSample).catch((error: unknown) => {
    new Logger('Toolcrib').warn(
      `The sample has no statistics until autovacuum comes to it: ${messageOf(error)}`,
    );
  });
  releaseMemory();
}

/**
 * Gives back what the sample data took. Else the service keeps it for as long as it does little: measured a minute after a first
 * start (Node 24, once each), it holds 155 MB with this and 201 MB without.
 */
function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as (options: object) => void;
  collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

async function finish(
  app: INestApplicationContext,
  manager: EntityManager,
  { tenantId, config }: { tenantId: string; config: Config },
): Promise<FirstStart> {
  const generatedPassword = config.env.ADMIN_PASSWORD ? undefined : generatePassword();
  const adminEmail = config.env.ADMIN_EMAIL;
  const password = config.env.ADMIN_PASSWORD ?? generatedPassword!;
  await openFirstTenant(manager, { tenantId, email: adminEmail, password });
  const sampleGroup = config.sampleData
    ? await app.get(SampleGroupMaker).insert(manager, tenantId)
    : undefined;
  await app.get(AuditTrail).record(manager, systemActor(tenantId, 'first start'), {
    action: 'installation.first_start',
    target: { kind: 'tenant', id: tenantId, name: 'default' },
    after: { adminEmail, sampleGroup: sampleGroup?.serverCode ?? null },
  });
  return { adminEmail, generatedPassword, sampleGroup };
}
