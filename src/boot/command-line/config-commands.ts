import { type Config, loadConfig } from '../../platform/config.js';
import type { ConfigurationAction } from '../commands/config-command.js';
import { type Command, parse, print, UsageError, withInstallation } from './command.js';

/** Here 2 says that there are changes: a wrong command line is a failure like any other. */
const USAGE_EXIT_CODE = 1;

/** A tenant's groups and tools as a file. */
export const CONFIG_COMMANDS: readonly Command[] = [
  {
    name: 'config export',
    takes: '[--tenant NAME]',
    help: ["the tenant's groups and tools as YAML (default: tenant default)"],
    usageExitCode: USAGE_EXIT_CODE,
    run: (args) => act('export', args),
  },
  {
    name: 'config diff',
    takes: 'FILE [--tenant NAME]',
    help: ['what applying a file would change; exit code 2 when something would'],
    usageExitCode: USAGE_EXIT_CODE,
    run: (args) => act('diff', args),
  },
  {
    name: 'config apply',
    takes: 'FILE [--tenant NAME] [--dry-run] [--yes]',
    help: ['shows the changes, asks, and makes them: all or none (FILE - is stdin)'],
    usageExitCode: USAGE_EXIT_CODE,
    run: (args) => act('apply', args),
  },
  {
    name: 'config schema',
    help: ['the JSON Schema of the file'],
    usageExitCode: USAGE_EXIT_CODE,
    run: async (args) => {
      readArguments('schema', args);
      const { configurationJsonSchema } = await import('../../groups/configuration/configuration-file.js');
      print(`${JSON.stringify(configurationJsonSchema(loadConfig().publicUrl), null, 2)}\n`);
    },
  },
];

/** Exit codes: 0 done or nothing to do, 1 any failure, 2 there are changes and they were not made. */
async function act(action: ConfigurationAction, args: readonly string[]): Promise<void> {
  const options = readArguments(action, args);
  const { configurationCommand } = await import('../commands/config-command.js');
  const work = async (config: Config) => {
    process.exitCode = await configurationCommand(action, config, options);
  };
  await withInstallation(work, { logLevel: 'error' }); // stdout is the file or the diff, and nothing else
}

function readArguments(action: ConfigurationAction | 'schema', args: readonly string[]) {
  const options = {
    tenant: { type: 'string' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' },
  } as const;
  const { values, positionals } = parse(args, options, { allowPositionals: true });
  const wantsFile = action === 'diff' || action === 'apply';
  if (positionals.length !== (wantsFile ? 1 : 0)) {
    throw new UsageError(wantsFile ? `config ${action} needs one FILE` : `config ${action} takes no FILE`);
  }
  if (action !== 'apply' && (values.yes || values['dry-run'])) {
    throw new UsageError('--yes and --dry-run belong to config apply');
  }
  const { tenant: tenantName = 'default', yes = false, 'dry-run': dryRun = false } = values;
  return { file: positionals[0] ?? '', tenantName, yes, dryRun };
}
