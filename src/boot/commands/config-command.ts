import { readFile } from 'node:fs/promises';
import { buffer as readAll } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { getTenantNamed } from './tenant-of-command.js';
import { CommandModule } from '../../app.module.js';
import type { SystemCaller } from '../../access/caller.js';
import { utf8Text } from '../../platform/body-text.js';
import { InvalidInputError, StartError } from '../../platform/errors.js';
import { currentScope, inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { changesText } from '../../groups/configuration/changes-text.js';
import { ConfigurationService } from '../../groups/configuration/configuration.service.js';
import { type FileProblem, problemText } from '../../groups/configuration/parse-configuration.js';
import { writeYaml } from '../../groups/configuration/write-configuration.js';
import { isSchemaUpToDate } from '../database/migrate.js';

export type ConfigurationAction = 'export' | 'diff' | 'apply';

export type CommandOptions = {
  /** `-` is stdin. Not for an export. */
  readonly file: string;
  readonly tenantName: string;
  readonly dryRun: boolean;
  /** Apply without asking. */
  readonly yes: boolean;
};

/** For scripts; 1 is any failure, as of every command. */
const DONE = 0;
/** There are changes, and they were not made. */
const PENDING = 2;

type Session = {
  readonly service: ConfigurationService;
  readonly caller: SystemCaller;
  readonly config: Config;
};

/**
 * `toolcrib config …` on the installation itself: acts as the operator, on record as `system`. A service that runs beside
 * hears of changes as of any replica's.
 *
 * @returns The exit code.
 * @throws {StartError} No such tenant or file, or what is wrong with the file, by line.
 */
export async function configurationCommand(
  action: ConfigurationAction,
  config: Config,
  options: CommandOptions,
): Promise<number> {
  if (!(await isSchemaUpToDate(config))) {
    throw new StartError('The database schema is not up to date. Run: toolcrib migrate');
  }
  const file = action === 'export' ? '' : await readFileText(options.file);
  const named = config.named(`toolcrib config (process ${process.pid})`);
  const app = await NestFactory.createApplicationContext(CommandModule.forRoot(named), {
    abortOnError: false,
  });
  try {
    const tenant = await getTenantNamed(
      app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE)),
      options.tenantName,
    );
    const caller = { kind: 'system', tenantId: tenant.id, job: `toolcrib config ${action}` } as const;
    const session = { service: app.get(ConfigurationService), caller, config };
    return await inTenant(tenant.id, () => run(action, session, file, options));
  } catch (error) {
    throw explainProblems(error, options.file);
  } finally {
    await app.close();
  }
}

async function run(
  action: ConfigurationAction,
  session: Session,
  file: string,
  options: CommandOptions,
): Promise<number> {
  const { service, caller, config } = session;
  if (action === 'export') {
    process.stdout.write(writeYaml((await service.export(caller)).file, config.publicUrl));
    return DONE;
  }
  const { changes, etag } = await service.diff(caller, file);
  process.stdout.write(changesText(changes, { colour: process.stdout.hasColors?.() ?? false }));
  if (changes.length === 0) return DONE;
  if (action === 'diff' || options.dryRun) return PENDING;
  if (!options.yes && !(await isConfirmed(options.file))) {
    process.stderr.write('Nothing was changed. Confirm on a terminal, or say --yes\n');
    return PENDING;
  }
  await service.apply(caller, file, { expected: [etag] });
  process.stdout.write(effectText());
  return DONE;
}

function effectText(): string {
  const { effectiveImmediately, replicas = [] } = currentScope()?.effect ?? {};
  if (effectiveImmediately) return 'Applied, and in force on every running replica\n';
  const silent = replicas.filter(({ ms }) => ms === null).map(({ name }) => name);
  return `Applied, but these have not confirmed that they have taken it over: ${silent.join(', ') || 'unknown'}\n`;
}

/** Asks where a person is there to answer. */
async function isConfirmed(file: string): Promise<boolean> {
  if (file === '-' || !process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question('Apply these changes? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

async function readFileText(file: string): Promise<string> {
  const bytes = await (file === '-' ? readAll(process.stdin) : readFile(file)).catch(
    (error: NodeJS.ErrnoException) => {
      throw new StartError(`${file} cannot be read (${error.code ?? error.message})`, { cause: error });
    },
  );
  const text = utf8Text(bytes);
  if (text === undefined) throw new StartError(`${file} is not UTF-8; write it in that encoding`);
  return text;
}

/** As compilers say it, so that editors and pipelines find the place: `file:line:column: what`. */
function explainProblems(error: unknown, file: string): unknown {
  if (!(error instanceof InvalidInputError) || !Array.isArray(error.details)) return error;
  const name = file === '-' ? 'stdin' : file;
  const lines = (error.details as FileProblem[]).map(({ line, column, ...problem }) => {
    const place = line === undefined ? name : `${name}:${line}:${column}`;
    return `${place}: ${problemText(problem)}`;
  });
  return new StartError(lines.join('\n'), { cause: error });
}
