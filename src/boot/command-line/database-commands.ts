import { type Command, parse, print, UsageError, withDatabases, withInstallation } from './command.js';

/** What changes the schema or the rows of an installation. */
export const DATABASE_COMMANDS: readonly Command[] = [
  {
    name: 'migrate',
    takes: '[--revert]',
    help: ['bring the schema up to date, or take back the newest migration'],
    run: migrate,
  },
  {
    name: 'sample',
    takes: '--customers N [--messages N] [--tenant NAME]',
    help: ['add made-up customers with their history (default: 50 messages each, tenant default)'],
    run: addSampleCustomers,
  },
  {
    name: 'admin reset-password',
    takes: '[--email ADDRESS]',
    help: ['a new password for an admin (default: ADMIN_EMAIL)'],
    run: resetPassword,
  },
  {
    name: 'clock show',
    help: ['what time the database shows, and what is trusted of it'],
    run: showClock,
  },
  {
    name: 'clock accept',
    help: ['say that the clock of the database is right after it leapt ahead; on record'],
    run: acceptClock,
  },
  {
    name: 'psql',
    takes: '[-c SQL] [--tenant NAME]',
    help: [
      'psql on the database as the owner of the schema, or as the service for a tenant;',
      'without a psql on this machine, the SQL of -c or stdin is run all the same',
    ],
    run: lookInside,
  },
];

async function showClock(args: readonly string[]): Promise<void> {
  parse(args, {});
  const { clockText } = await import('../commands/accept-clock.js');
  await withDatabases(async (databases, config) => print(await clockText(databases, config)));
}

async function acceptClock(args: readonly string[]): Promise<void> {
  parse(args, {});
  const { clockText, acceptClockOnRecord } = await import('../commands/accept-clock.js');
  await withDatabases(async (databases, config) => {
    await acceptClockOnRecord(databases);
    print(await clockText(databases, config));
  });
}

async function migrate(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { revert: { type: 'boolean' } });
  const { migrateAsOwner, revertMigration, withOwner } = await import('../database/migrate.js');
  const { analyzeUnknownTables } = await import('../../platform/database/statistics.js');
  await withInstallation(async (config) => {
    if (values.revert) {
      const reverted = await withOwner(config, revertMigration);
      print(reverted ? `Reverted ${reverted}\n` : 'There is no migration to revert\n');
      return;
    }
    const ran = await migrateAsOwner(config);
    print(ran.length > 0 ? `Ran ${ran.join(', ')}\n` : 'The schema is up to date\n');
    const analyzed = await withOwner(config, analyzeUnknownTables);
    if (analyzed.length > 0) print(`Made statistics of ${analyzed.join(', ')}, which had none\n`);
  });
}

async function addSampleCustomers(args: readonly string[]): Promise<void> {
  const { values } = parse(args, {
    customers: { type: 'string' },
    messages: { type: 'string' },
    tenant: { type: 'string' },
  });
  const messagesPerCustomer = values.messages === undefined ? undefined : Number(values.messages);
  if (messagesPerCustomer !== undefined && !(messagesPerCustomer >= 1)) {
    throw new UsageError('--messages needs a number above 0: the average of a customer');
  }
  const customers = Number(values.customers);
  if (!Number.isSafeInteger(customers) || customers < 1)
    throw new UsageError('--customers needs a number above 0');
  const { addSample } = await import('../commands/add-sample.js');
  await withDatabases((databases) =>
    addSample(databases, values.tenant ?? 'default', { customers, messagesPerCustomer }),
  );
}

async function resetPassword(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { email: { type: 'string' } });
  const { resetAdminPassword } = await import('../commands/admin-password.js');
  await withDatabases(async (databases, config) => {
    const email = values.email ?? config.env.ADMIN_EMAIL;
    const password = await resetAdminPassword(databases, email);
    print(`Sign-in   ${email}\nPassword  ${password}\nAll earlier sign-ins of this admin have ended.\n`);
  });
}

/** Exit codes: psql's own; without one 0 done, 1 failed. */
async function lookInside(args: readonly string[]): Promise<void> {
  const { values } = parse(args, {
    command: { type: 'string', short: 'c' },
    tenant: { type: 'string' },
  });
  const { openPsql } = await import('../commands/psql.js');
  await withInstallation(
    async (config) => {
      process.exitCode = await openPsql(config, { sql: values.command, tenantName: values.tenant });
    },
    { logLevel: 'error' }, // stdout is what was asked for
  );
}
