import type { Config } from '../../platform/config.js';
import { type Check, problem } from './check.js';
import { connectAll, type Connections } from './role-connections.js';
import { checkConnections } from './connection-checks.js';
import { checkPeopleInGroups } from './group-checks.js';
import { checkAddressesOfPeople } from './people-checks.js';
import { checkGrants } from './grant-checks.js';
import { checkClockMark, checkPartitions } from './age-checks.js';
import { checkDisk } from './disk-checks.js';
import { checkHolders, checkMigrationLock, checkUpkeep } from './holder-checks.js';
import { checkProxy } from './proxy-checks.js';
import { checkRoles, checkServer } from './role-checks.js';
import { checkAddresses, checkMasterKey, checkSchema, checkStatistics } from './service-checks.js';
import { checkTables } from './table-checks.js';
import { checkMadeUpTenants } from './tenant-checks.js';
import { checkTls } from './tls-checks.js';
import { tryForbidden } from './trials.js';
import { messageOf } from '../../platform/errors.js';

/** Looks the installation over. Changes nothing; what it tries it takes back. */
export async function examine(config: Config): Promise<readonly Check[]> {
  const { checks, connections, close } = await connectAll(config);
  try {
    return [
      ...checks,
      checkTls(config),
      ...(await checkDisk(config)),
      ...(connections ? await examineDatabase(config, connections) : []),
      ...checkAddresses(config),
      ...(await checkProxy(config)),
    ];
  } finally {
    await close();
  }
}

async function examineDatabase(config: Config, connections: Connections): Promise<Check[]> {
  const { owner, system } = connections;
  try {
    const server = [
      ...(await checkServer(connections, config.databaseUrls)),
      ...(await checkConnections(connections, config)),
      await checkMigrationLock(owner),
      await checkHolders(owner),
      ...(await checkUpkeep(owner)),
      ...(await checkRoles(connections)),
    ];
    const schema = await checkSchema(owner);
    if (schema.status === 'problem') return [...server, schema]; // the rest would tell the same in other words
    return [
      ...server,
      schema,
      await checkStatistics(owner),
      await checkPartitions(owner),
      await checkClockMark(owner),
      ...(await checkTables(owner)),
      ...(await checkGrants(owner)),
      ...(await tryForbidden(connections)),
      await checkMasterKey(system, config),
      await checkPeopleInGroups(system),
      await checkAddressesOfPeople(system),
      await checkMadeUpTenants(system),
    ];
  } catch (error) {
    const fix = 'See the problems above; if there is none, report this';
    return [problem('database', `could not be looked over: ${messageOf(error)}`, fix)];
  }
}
