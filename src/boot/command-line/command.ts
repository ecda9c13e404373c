import { parseArgs } from 'node:util';
import { Logger, type LogLevel } from '@nestjs/common';
import { AppLogger } from '../../platform/logger.js';
import { type Config, loadConfig } from '../../platform/config.js';
import type { Databases } from '../commands/command-databases.js';
import { joinInstallation } from '../installation.js';
import { messageOf } from '../../platform/errors.js';

/**
 * Describes a command of `toolcrib`. What a command needs beyond its settings it loads when it runs, so that `help` and
 * a mistyped line answer at once.
 */
export type Command = {
  /** As it is typed: `keys rotate-master`. */
  readonly name: string;
  /** The arguments after it, as the usage shows them. */
  readonly takes?: string;
  /** Lines of the usage. */
  readonly help: readonly string[];
  /** Exit code of a wrong command line. @default 2 */
  readonly usageExitCode?: number;
  readonly run: (args: readonly string[]) => Promise<void>;
};

/** The command line is wrong: the usage is shown. */
export class UsageError extends Error {}

/** @throws {UsageError} An option that is not there, or lacks its value. */
export function parse<Options extends Record<string, { type: 'string' | 'boolean'; short?: string }>>(
  args: readonly string[],
  options: Options,
  { allowPositionals = false } = {},
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, strict: true });
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Works on the installation, and closes what this process opened of it. */
export async function withInstallation(
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

/** Works on the installation's database, connected as each role. */
export async function withDatabases(
  work: (databases: Databases, config: Config) => Promise<void>,
): Promise<void> {
  const { withDatabases: open } = await import('../commands/command-databases.js');
  await withInstallation((config) => open(config, (databases) => work(databases, config)));
}
