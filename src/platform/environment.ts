import { lstatSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const FILE = '.env';
/** Of others who read the same file: Node, npm, Docker Compose, the operating system, OpenTelemetry. */
const OF_OTHERS =
  /^(?:NODE_|NODE$|npm_|COMPOSE_|DOCKER_|POSTGRES_|OTEL_|LC_|SSL_)|^(?:TZ|LANG|PATH|HOME|USER|DEBUG|NO_COLOR|FORCE_COLOR|(?:https?|no|all)_proxy)$/i;
/** What the PostgreSQL driver reads by itself. */
const DRIVERS = /^PG[A-Z]+$/;
const ASSIGNMENT = /^(?:export )?([A-Za-z_]\w*) *=(.*)$/;
const SIMILAR_MAX = 3;
const AFTER_QUOTE = /^\s*(?:#|$)/;
const CUT_OFF =
  'has a # without a space before it, where some end the value and others do not; put it in quotes';
const NOT_READ = 'is not read as it looks: take out unusual spaces and line ends (a carriage return alone)';

/** What the process was given, and what is wrong with the file of it. */
export type Given = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly problems: readonly string[];
};

/**
 * Reads `.env`, over which variables that are already set win, and the environment. What stands in the file and is not understood is
 * a problem: without it the service would start on another database than the one that was meant.
 *
 * Takes the variables that the PostgreSQL driver reads out of the environment: a connection is what our settings say.
 *
 * @param known Names of our settings.
 */
export function readEnvironment(known: readonly string[]): Given {
  const { text, problems: unreadable } = readFile();
  const { values, problems: wrong } = readAssignments(text, known);
  const problems = [...unreadable, ...wrong];
  // One that is set and empty counts as not set.
  if (problems.length === 0) for (const [name, value] of Object.entries(values)) process.env[name] ||= value;
  const environment = { ...process.env };
  for (const name of Object.keys(process.env).filter((one) => DRIVERS.test(one))) delete process.env[name];
  return { environment, problems };
}

/**
 * Reads what a file assigns, and tells what in it is not understood, or is understood otherwise by others who read such files.
 * Values are never repeated.
 */
export function readAssignments(
  text: string,
  known: readonly string[],
): { readonly values: Readonly<Record<string, string | undefined>>; readonly problems: readonly string[] } {
  const values = parseEnv(text);
  const { lines, problems } = checkLines(text);
  const unread = lines.filter(({ name }) => values[name] === undefined);
  const hidden = Object.keys(values).filter((name) => !lines.some((line) => line.name === name));
  return {
    values,
    problems: [
      ...problems,
      ...lines.flatMap(({ name, number }) => unknownName(name, number, known)),
      ...lines.flatMap((line, index) => twice(line, lines.slice(0, index))),
      ...unread.map(({ name, number }) => `${FILE} line ${number}: ${name} ${NOT_READ}`),
      ...(unread.length === 0 && problems.length === 0 && hidden.length > 0
        ? [`${FILE}: a line ${NOT_READ}`]
        : []),
    ],
  };
}

function readFile(): { text: string; problems: string[] } {
  let bytes: Buffer;
  try {
    if (!lstatSync(FILE, { throwIfNoEntry: false })) return { text: '', problems: [] };
    bytes = readFileSync(FILE);
  } catch (error) {
    return { text: '', problems: [`${FILE}: cannot be read (${(error as NodeJS.ErrnoException).code})`] };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // leaves out a byte order mark
    if (!text.includes('\0')) return { text, problems: [] };
  } catch {
    // Said below.
  }
  const problem = `${FILE}: is not UTF-8 (UTF-16 is what PowerShell's > writes); save it as UTF-8`;
  return { text: '', problems: [problem] };
}

type Line = { readonly name: string; readonly number: number };

/** @returns What is assigned, and what is no assignment. */
function checkLines(text: string): { lines: Line[]; problems: string[] } {
  const all = text.split(/\r\n|\n|\r/);
  const lines: Line[] = [];
  const problems: string[] = [];
  for (let index = 0; index < all.length; index++) {
    const number = index + 1;
    const line = all[index].trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, assigned = ''] = ASSIGNMENT.exec(line) ?? [];
    const value = assigned.trim();
    if (name === undefined) {
      problems.push(`${FILE} line ${number}: is not NAME=value, and no comment (#)`);
      continue;
    }
    lines.push({ name, number });
    const quote = /^["'`]/.exec(value)?.[0];
    if (quote === undefined) {
      if (/\S#/.test(value)) problems.push(`${FILE} line ${number}: ${name} ${CUT_OFF}`);
      continue;
    }
    let rest = value.slice(1);
    const isOpen = !rest.includes(quote);
    const end = isOpen ? all.findIndex((next, later) => later > index && next.includes(quote)) : index;
    if (end < 0) {
      problems.push(`${FILE} line ${number}: ${name} begins with ${quote}, which never closes`);
      continue;
    }
    if (isOpen) rest = all[end];
    index = end;
    if (!AFTER_QUOTE.test(rest.slice(rest.indexOf(quote) + 1)))
      problems.push(`${FILE} line ${number}: ${name} goes on after its closing ${quote}`);
  }
  return { lines, problems };
}

function twice({ name, number }: Line, before: readonly Line[]): string[] {
  const first = before.find((line) => line.name === name);
  return first ? [`${FILE} line ${number}: ${name} is set in line ${first.number} already`] : [];
}

function unknownName(name: string, number: number, known: readonly string[]): string[] {
  if (known.includes(name)) return [];
  const [nearest, distance] = known
    .map((one) => [one, distanceOf(one, name.toUpperCase())] as const)
    .reduce((best, next) => (next[1] < best[1] ? next : best), ['', Infinity] as const);
  const isSimilar = distance <= SIMILAR_MAX && distance < nearest.length / 2;
  if (!isSimilar && OF_OTHERS.test(name)) return [];
  if (DRIVERS.test(name)) return [`${FILE} line ${number}: ${name} is not read; say it in DATABASE_URL`];
  const meant = isSimilar ? `; ${nearest} was meant?` : '; see .env.example, and take out what is of others';
  return [`${FILE} line ${number}: ${name} is no setting${meant}`];
}

/** Letters to change, add or leave out (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
    row = next;
  }
  return row[other.length] ?? Infinity;
}

/** Programs on Windows do not start without these. */
export function windowsEnvironment(): Record<string, string | undefined> {
  const { SystemRoot, TEMP, TMP, PATH } = process.env;
  return process.platform === 'win32' ? { SystemRoot, TEMP, TMP, PATH } : {};
}

/** What a program needs that talks to whoever sits at the terminal, and nothing of ours. */
export function terminalEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TERM, LANG, LC_ALL, PAGER, LESS, EDITOR } = process.env;
  return { ...windowsEnvironment(), PATH, HOME, TERM, LANG, LC_ALL, PAGER, LESS, EDITOR };
}

/** What programs that an administrator has us start need to run at all, and nothing of ours. */
export function programEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, LANG, LC_ALL, TZ, TMPDIR, APPDATA, USERPROFILE } = process.env;
  return { ...windowsEnvironment(), PATH, HOME, LANG, LC_ALL, TZ, TMPDIR, APPDATA, USERPROFILE };
}

/** A variable of the environment that the operator lets tenants read. */
export function lentVariable(name: string): string | undefined {
  return process.env[name];
}
