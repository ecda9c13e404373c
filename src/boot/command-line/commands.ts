import { type Command, parse, print, UsageError } from './command.js';
import { CONFIG_COMMANDS } from './config-commands.js';
import { DATABASE_COMMANDS } from './database-commands.js';
import { EXAMINING_COMMANDS } from './examining-commands.js';
import { KEY_COMMANDS } from './key-commands.js';

const SIGNATURE_WIDTH = 41;
const MARGIN = 2;

/** Every command of `toolcrib`, in the order of its usage. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    help: ['run the service (settings: .env.example)'],
    run: async (args) => {
      parse(args, {});
      await import('../../main.js');
    },
  },
  ...DATABASE_COMMANDS,
  ...KEY_COMMANDS,
  ...EXAMINING_COMMANDS,
  ...CONFIG_COMMANDS,
  { name: 'help', help: ['this text'], run: async () => print(usage()) },
];

/** Says what the command line knows. */
export function usage(): string {
  const lines = COMMANDS.map(({ name, takes, help }) => {
    const signature = takes === undefined ? name : `${name} ${takes}`;
    const indent = `\n${' '.repeat(MARGIN + SIGNATURE_WIDTH)}`;
    const gap = signature.length < SIGNATURE_WIDTH ? ' '.repeat(SIGNATURE_WIDTH - signature.length) : indent;
    return `${' '.repeat(MARGIN)}${signature}${gap}${help.join(indent)}\n`;
  });
  return `Usage: toolcrib <command>\n\n${lines.join('')}\nThe commands work beside a running service and without one.\n`;
}

/**
 * Finds what a command line asks for.
 *
 * @returns The command and the arguments after its name.
 * @throws {UsageError} There is no such command.
 */
export function findCommand(args: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first = 'help'] = args;
  const wanted = first === '--help' || first === '-h' ? 'help' : first;
  const family = COMMANDS.filter(({ name }) => name.split(' ')[0] === wanted);
  for (const command of family) {
    const words = command.name.split(' ');
    if (words.slice(1).every((word, index) => word === args[index + 1]))
      return { command, rest: args.slice(words.length) };
  }
  if (family.length === 0) throw new UsageError(`There is no command '${wanted}'`);
  const actions = family.map(({ name }) => name.split(' ')[1]);
  const known = actions.length === 1 ? 'one action' : 'these actions';
  throw new UsageError(`${wanted} knows ${known}: ${actions.join(', ')}`);
}

/** With what a wrong command line ends. */
export function usageExitCode([first]: readonly string[]): number {
  return COMMANDS.find(({ name }) => name.split(' ')[0] === first)?.usageExitCode ?? 2;
}
