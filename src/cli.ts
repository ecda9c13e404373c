#!/usr/bin/env node
import './platform/oldest-node.js';
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Logger, type LogLevel } from '@nestjs/common';
import type { Databases } from './boot/commands/command-databases.js';
import { AppError, StartError } from './platform/errors.js';
import { AppLogger } from './platform/logger.js';
import { type Config, ConfigError, loadConfig } from './platform/config.js';
import type { ConfigurationAction } from './boot/commands/config-command.js';
import { joinInstallation } from './boot/installation.js';

const USAGE = `Usage: toolcrib <command>

  start                                    run the service (settings: .env.example)
  migrate [--revert]                       bring the schema up to date, or take back the newest migration
  sample --customers N [--messages N] [--tenant NAME]
                                           add made-up customers with their history (default: 50 messages each, tenant default)
  keys rotate-master [--drop-previous]     put every stored secret under a new master key; then forget the previous one
  keys checkpoint                          the public key that checkpoints of the call log are signed with, as PEM
  keys rotate-checkpoint                   another key to sign checkpoints with; the old one vouches for it
  admin reset-password [--email ADDRESS]   a new password for an admin (default: ADMIN_EMAIL)
  doctor [--isolation] [--json]            look the installation over; with --isolation, let one made-up tenant attack
                                           another over every route and tool, and leave no trace
  config export [--tenant NAME]            the tenant's groups and tools as YAML (default: tenant default)
  config diff FILE [--tenant NAME]         what applying a file would change; exit code 2 when something would
  config apply FILE [--tenant NAME] [--dry-run] [--yes]
                                           shows the changes, asks, and makes them: all or none (FILE - is stdin)
  config schema                            the JSON Schema of the file
  verify [--tenant NAME] [--from TIME] [--to TIME] [--checkpoints FILE] [--public-key FILE] [--json]
                                           recompute the call log from its rows and name what was tampered with;
                                           exit code 3 when something was (docs/tamper-evidence.md)
  help                                     this text

The commands work beside a running service and without one.
`;

/** The command line is wrong: the usage is shown. */
class UsageError extends Error {
  readonly exitCode: number = 2;
}

/** Of `config`, where 2 says that there are changes. */
class ConfigUsageError extends UsageError {
  override readonly exitCode = 1;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const isOperators =
    error instanceof StartError ||
    error instanceof ConfigError ||
    error instanceof AppError ||
    error instanceof UsageError;
  const text = isOperators ? error.message : (error as Error).stack;
  process.stderr.write(`${text}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exitCode = error instanceof UsageError ? error.exitCode : 1;
}

async function run(args: readonly string[]): Promise<void> {
  const [command = 'help', ...rest] = args;
  switch (command) {
    case 'start':
      parse(rest, {});
      await import('./main.js');
      return;
    case 'migrate':
      return migrateCommand(rest);
    case 'sample':
      return sampleCommand(rest);
    case 'admin':
      return adminCommand(rest);
    case 'doctor':
      return doctorCommand(rest);
    case 'config':
      return configCommand(rest);
    case 'keys':
      return keysCommand(rest);
    case 'verify':
      return verifyCommand(rest);
    case 'help':
    case '--help':
    case '-h':
      print(USAGE);
      return;
    default:
      throw new UsageError(`There is no command '${command}'`);
  }
}

async function migrateCommand(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { revert: { type: 'boolean' } });
  const { migrateAsOwner, revertMigration, withOwner } = await import('./boot/database/migrate.js');
  const { analyzeUnknownTables } = await import('./platform/database/statistics.js');
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

async function sampleCommand(args: readonly string[]): Promise<void> {
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
  const { addSample } = await import('./boot/commands/add-sample.js');
  await withDatabases((databases) =>
    addSample(databases, values.tenant ?? 'default', { customers, messagesPerCustomer }),
  );
}

async function keysCommand([action, ...args]: readonly string[]): Promise<void> {
  if (action === 'checkpoint') {
    parse(args, {});
    return checkpointKeyCommand();
  }
  if (action === 'rotate-checkpoint') {
    parse(args, {});
    return rotateCheckpointCommand();
  }
  if (action !== 'rotate-master')
    throw new UsageError('keys knows these actions: rotate-master, checkpoint, rotate-checkpoint');
  const { values } = parse(args, { 'drop-previous': { type: 'boolean' } });
  const { dropPreviousMaster, rotateMaster } = await import('./boot/commands/rotate-master.js');
  await withInstallation(async (config) => {
    if (values['drop-previous']) {
      await dropPreviousMaster(config);
      print('The previous master key is forgotten\n');
      return;
    }
    const { secrets, tenants, unopened } = await rotateMaster(config);
    const minutes = config.env.ACCESS_TOKEN_MINUTES;
    const done = `${secrets} secrets of ${tenants} tenants were put under the new master key; `;
    if (unopened.length > 0) {
      const places = unopened.map(({ tenantId, column, id }) => `  ${column} ${id} (tenant ${tenantId})\n`);
      print(
        `${done}${unopened.length} could not be opened with any known key and stay as they are. Set them anew, or remove them:\n` +
          places.join(''),
      );
      process.exitCode = 1;
      return;
    }
    print(
      `${done}nothing lies under the previous one.\n` +
        `Back up the new key now. In ${minutes} minutes, when the access tokens signed under the previous one have expired, forget it: ` +
        (config.env.TOOLCRIB_MASTER_KEY
          ? 'take TOOLCRIB_MASTER_KEY_PREVIOUS out of the settings\n'
          : 'toolcrib keys rotate-master --drop-previous\n'),
    );
  });
}

async function checkpointKeyCommand(): Promise<void> {
  const { SigningKey } = await import('./call-logs/chain/signing-key.js');
  const work = async (config: Config) => {
    const { publicKey } = new SigningKey(config);
    if (publicKey === undefined) {
      throw new StartError(
        'CHECKPOINT_KEY is not set in the settings of this command, so it has no public key to show. Run it with the settings of the service',
      );
    }
    print(publicKey);
  };
  await withInstallation(work, { logLevel: 'error' }); // stdout is the key, and nothing else
}

async function rotateCheckpointCommand(): Promise<void> {
  const { rotateCheckpointKey } = await import('./boot/commands/rotate-checkpoint-key.js');
  await withInstallation(async (config) => {
    const publicKey = await rotateCheckpointKey(config);
    print(
      `The old key vouches for the new one, and what it has signed stays valid. Restart the service (every replica), and append ` +
        `this to the public keys that you keep outside:\n${publicKey}`,
    );
  });
}

async function adminCommand([action, ...args]: readonly string[]): Promise<void> {
  if (action !== 'reset-password') throw new UsageError('admin knows one action: reset-password');
  const { values } = parse(args, { email: { type: 'string' } });
  const { resetAdminPassword } = await import('./boot/commands/admin-password.js');
  await withDatabases(async (databases, config) => {
    const email = values.email ?? config.env.ADMIN_EMAIL;
    const password = await resetAdminPassword(databases, email);
    print(`Sign-in   ${email}\nPassword  ${password}\nAll earlier sign-ins of this admin have ended.\n`);
  });
}

async function doctorCommand(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { isolation: { type: 'boolean' }, json: { type: 'boolean' } });
  await withInstallation(async (config) => {
    if (values.isolation) {
      Logger.overrideLogger(['fatal']); // what the attack provokes is told by its report
      const { checkIsolation, reportText } = await import('./boot/commands/isolation-check.js');
      const report = await checkIsolation(config);
      print(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
      if (!report.ok) process.exitCode = 1;
      return;
    }
    const { examine } = await import('./operations/doctor/doctor.js');
    const { toText } = await import('./operations/doctor/check.js');
    const checks = await examine(config);
    print(values.json ? `${JSON.stringify(checks)}\n` : toText(checks));
    if (checks.some(({ status }) => status === 'problem')) process.exitCode = 1;
  });
}

/** Exit codes: 0 the log is what was written, 1 it could not be checked, 2 wrong arguments, 3 it was tampered with. */
async function verifyCommand(args: readonly string[]): Promise<void> {
  const { values } = parse(args, {
    tenant: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    checkpoints: { type: 'string' },
    'public-key': { type: 'string' },
    json: { type: 'boolean' },
  });
  const { tenant, checkpoints, 'public-key': publicKey } = values;
  const period = { from: readTime('--from', values.from), to: readTime('--to', values.to) };
  const { verifyLog } = await import('./call-logs/evidence/verify.js');
  const { countFindings, reportText } = await import('./call-logs/evidence/report.js');
  await withInstallation(
    async (config) => {
      const result = await verifyLog(config, { ...period, tenant, checkpoints, publicKey });
      print(values.json ? `${JSON.stringify(result)}\n` : reportText(result));
      if (countFindings(result) > 0) process.exitCode = 3;
    },
    { logLevel: 'error' }, // stdout is the report
  );
}

function readTime(option: string, value: string | undefined): Date | null {
  if (value === undefined) return null;
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) throw new UsageError(`${option} needs a time as in 2026-01-31T08:00:00Z`);
  return at;
}

/** Exit codes: 0 done or nothing to do, 1 any failure, 2 there are changes and they were not made. */
async function configCommand([action, ...args]: readonly string[]): Promise<void> {
  const { file, ...options } = readConfigArguments(action, args);
  if (action === 'schema') {
    const { configurationJsonSchema } = await import('./groups/configuration/configuration-file.js');
    print(`${JSON.stringify(configurationJsonSchema(loadConfig().publicUrl), null, 2)}\n`);
    return;
  }
  const { configurationCommand } = await import('./boot/commands/config-command.js');
  const known = action as ConfigurationAction; // checked with the arguments
  const work = async (config: Config) => {
    process.exitCode = await configurationCommand(known, config, { file: file ?? '', ...options });
  };
  await withInstallation(work, { logLevel: 'error' }); // stdout is the file or the diff, and nothing else
}

function readConfigArguments(action: string | undefined, args: readonly string[]) {
  const options = {
    tenant: { type: 'string' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parse(args, options, { allowPositionals: true });
    const wantsFile = action === 'diff' || action === 'apply';
    if (!wantsFile && action !== 'export' && action !== 'schema') {
      throw new UsageError('config knows these actions: export, diff, apply, schema');
    }
    if (positionals.length !== (wantsFile ? 1 : 0)) {
      throw new UsageError(wantsFile ? `config ${action} needs one FILE` : `config ${action} takes no FILE`);
    }
    if (action !== 'apply' && (values.yes || values['dry-run'])) {
      throw new UsageError('--yes and --dry-run belong to config apply');
    }
    const { tenant: tenantName = 'default', yes = false, 'dry-run': dryRun = false } = values;
    return { file: positionals[0], tenantName, yes, dryRun };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ConfigUsageError(error.message, { cause: error });
  }
}

async function withDatabases(work: (databases: Databases, config: Config) => Promise<void>): Promise<void> {
  const { withDatabases: open } = await import('./boot/commands/command-databases.js');
  await withInstallation((config) => open(config, (databases) => work(databases, config)));
}

async function withInstallation(
  work: (config: Config) => Promise<void>,
  { logLevel }: { logLevel?: LogLevel } = {},
): Promise<void> {
  const settings = loadConfig();
  Logger.overrideLogger(new AppLogger(logLevel ?? settings.env.LOG_LEVEL));
  const { config, close } = await joinInstallation(settings);
  try {
    await work(config);
  } finally {
    await close();
  }
}

function parse<Options extends Record<string, { type: 'string' | 'boolean' }>>(
  args: readonly string[],
  options: Options,
  { allowPositionals = false } = {},
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
