import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { InvalidInputError } from '../../platform/errors.js';
import { type FieldProblem, requireStorable } from '../../platform/rest/validation.js';
import { type ConfigurationFile, configurationSchema } from './configuration-file.js';
import { findServerCodeProblem } from '../server-code.js';

/** Anchors may be used, but not to make much out of little. */
const ALIASES_MAX = 100;
/** Before any parser sees the text: what nests deeper than our limit is refused without being built. */
const FLOW_DEPTH_MAX = 64;
const INDENT_MAX = 200;
/** Anchors, tags and directives: a few are of use, many only cost the parser its time. */
const MARKS_MAX = 100;
const MARK = /(?:^%|(?:^|[\s[{,])[&!])\S/gm;
const PROBLEMS_MAX = 100;
const PROBLEMS_TOLD = 20;

/** One thing wrong with a file, with the place of it, both counted from 1. */
export type FileProblem = FieldProblem & { readonly line?: number; readonly column?: number };

type Path = readonly PropertyKey[];

/** A file that was understood, and where in it each thing stands. */
export type ParsedConfiguration = {
  readonly file: ConfigurationFile;
  /** A problem at the path, with its line and column. */
  readonly problemAt: (path: Path, message: string) => FileProblem;
};

/**
 * Reads the file: YAML 1.2, and so JSON too. It may come from anyone with a token, so its cost is limited before it is
 * built.
 *
 * @throws {InvalidInputError} `details` holds every problem with its line.
 */
export function parseConfiguration(text: string): ParsedConfiguration {
  requireModest(text);
  const lines = new LineCounter();
  const document = read(text, lines);
  const problemAt = (path: Path, message: string): FileProblem => {
    const offset = offsetOf(document, path);
    const place = offset === undefined ? undefined : lines.linePos(offset);
    return { field: pathText(path), message, ...(place && { line: place.line, column: place.col }) };
  };
  const parsed = configurationSchema.safeParse(toPlain(document));
  if (!parsed.success) {
    const told = parsed.error.issues.flatMap((issue) => problemsOf(issue)).slice(0, PROBLEMS_MAX);
    throw wrongFile(told.map(([path, message]) => problemAt(path, message)));
  }
  return { file: parsed.data, problemAt };
}

/** The one shape of "this file will not do": its problems in the order of the file, at most 100. */
export function wrongFile(problems: readonly FileProblem[]): InvalidInputError {
  const sorted = problems
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .slice(0, PROBLEMS_MAX);
  const shown = sorted.slice(0, PROBLEMS_TOLD).map(problemText);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  return new InvalidInputError(`The configuration file is not usable: ${[...shown, ...more].join('; ')}`, {
    details: sorted,
  });
}

export function problemText({ field, message, line, column }: FileProblem): string {
  const place = line === undefined ? '' : `line ${line}, column ${column}: `;
  return `${place}${field ? `${field} ` : ''}${message}`;
}

/**
 * Counts brackets and indentation without understanding them, so a bracket within a quoted text counts too: a file has to
 * be far from any real one to be refused here by mistake.
 */
function requireModest(text: string): void {
  if ((text.match(MARK)?.length ?? 0) > MARKS_MAX) {
    throw wrongFile([{ field: '', message: `has more than ${MARKS_MAX} anchors, tags and directives` }]);
  }
  let depth = 0;
  let indent = 0;
  let line = 1;
  let isLineStart = true;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (character === '\n') {
      line += 1;
      indent = 0;
      isLineStart = true;
      depth = Math.max(depth, 0);
    } else if (isLineStart && (character === ' ' || character === '-' || character === '?')) {
      indent += 1;
    } else {
      isLineStart = false;
      if (character === '{' || character === '[') depth += 1;
      if (character === '}' || character === ']') depth -= 1;
    }
    if (depth > FLOW_DEPTH_MAX || indent > INDENT_MAX) {
      throw wrongFile([{ field: '', message: 'is nested too deeply', line, column: 1 }]);
    }
  }
}

function read(text: string, lines: LineCounter): Document.Parsed {
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false, // its check takes the square of their number
    resolveKnownTags: false,
    logLevel: 'error', // a second document is an error, nothing is printed
  });
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    message: `is not valid YAML: ${message}`,
    offset: pos[0],
  }));
  if (faults.length === 0) faults.push(...findTwins(document));
  const problems = faults.slice(0, PROBLEMS_MAX).map(({ message, offset }) => {
    const { line, col } = lines.linePos(offset);
    return { field: '', message, line, column: col };
  });
  if (problems.length > 0) throw wrongFile(problems);
  return document;
}

/** Names that are there twice in one mapping: the first would be lost without a word. */
function findTwins(document: Document.Parsed): { message: string; offset: number }[] {
  const twins: { message: string; offset: number }[] = [];
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = String(isScalar(key) ? key.value : key);
        if (seen.has(name))
          twins.push({ message: `has ${name} twice in one mapping`, offset: startOf(key) ?? 0 });
        seen.add(name);
      }
    },
  });
  return twins;
}

function toPlain(document: Document.Parsed): unknown {
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw wrongFile([{ field: '', message: `uses its anchors too often (more than ${ALIASES_MAX} times)` }]);
  }
  requireStorable(plain);
  requireJson(plain);
  return plain;
}

/** What YAML can say and JSON cannot keep, and a name that zod would pass over without a word. */
function requireJson(node: unknown): void {
  if (typeof node === 'number' && !Number.isFinite(node)) {
    throw wrongFile([{ field: '', message: `has the number ${node}, which JSON does not know` }]);
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [name, child] of Object.entries(node)) {
    if (name === '__proto__') throw wrongFile([{ field: '__proto__', message: 'cannot be a name' }]);
    requireJson(child);
  }
}

/** zod's issues in our words, with the path of the thing that is wrong and not of what holds it. */
function problemsOf(issue: z.core.$ZodIssue): [Path, string][] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => [[...issue.path, key], issue.message]);
  }
  if (issue.code === 'invalid_key') {
    const name = String(issue.path.at(-1));
    const isGroup = issue.path.length === 2 && issue.path[0] === 'groups';
    const problem = isGroup ? findServerCodeProblem(name) : issue.issues[0]?.message;
    return [[issue.path, problem ?? 'is not a usable name']];
  }
  if (issue.code === 'invalid_union') {
    const [closest] = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a));
    return (closest ?? []).flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  return [[issue.path, inOurWords(issue.message)]];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

function inOurWords(text: string): string {
  if (text.endsWith('received undefined')) return 'is missing';
  return text
    .replace(/^Invalid input: /, 'is wrong: ')
    .replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase());
}

function pathText(path: Path): string {
  return path.map(String).join('.');
}

/** Where the thing at the path stands; of something missing, where its holder stands. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const step of path) {
    const pair: unknown = isMap(node)
      ? node.items.find(({ key }) => String((key as { value?: unknown }).value) === String(step))
      : undefined;
    if (isPair(pair)) {
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const child: unknown =
        isNode(node) && 'get' in node
          ? (node as { get(key: unknown, keep: true): unknown }).get(step, true)
          : undefined;
      if (child === undefined) return offset;
      offset = startOf(child) ?? offset;
      node = child;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
