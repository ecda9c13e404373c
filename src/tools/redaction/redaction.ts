import type { ContentBlock, ToolResult } from '../tool-result.js';
import { NameMaker } from './json-text.js';
import { TOO_LONG } from './detectors.js';
import type { RedactionRule } from './redaction-rules.js';
import { Redactor } from './redactor.js';
import { atOnce, inTurns, type Turns, type Work } from './turns.js';

/** Deeper values are hidden whole: what was not looked at is not shown. */
const DEPTH_MAX = 200;
const TOO_DEEP = '[redacted:too_deep]';
/** Of one result, and of each value of a record; others are served meanwhile. */
const WORK_MAX_MS = 2000;
/** Of a list, between two turns. */
const MEMBERS_AT_ONCE = 256;
/** Members of blocks that are base64, which would match by chance. */
const BINARY: Readonly<Record<string, string>> = { image: 'data', audio: 'data' };

/** What a group's rules make of what passes through. No method throws. */
export type Redaction = {
  /** A result as the agent gets it: texts, other blocks' strings, structured content. */
  readonly resultForAgent: (result: ToolResult) => ToolResult | Promise<ToolResult>;
  /** A message to the agent: an error's text, progress. */
  readonly textForAgent: (text: string) => string;
  /** A request or response as the call log keeps it; a promise of it, where it takes long. */
  readonly valueForLog: (value: unknown) => unknown;
  readonly textForLog: (text: string) => string;
};

const compiled = new WeakMap<readonly RedactionRule[], Redaction>();

/**
 * The compiled rules of a group; made once for as long as the group is not loaded anew.
 *
 * @returns undefined when there are none: then nothing is to be done.
 */
export function redactionOf(rules: readonly RedactionRule[] | undefined): Redaction | undefined {
  if (!rules || rules.length === 0) return undefined;
  let redaction = compiled.get(rules);
  if (!redaction) compiled.set(rules, (redaction = compileRedaction(rules)));
  return redaction;
}

/**
 * In objects and lists strings, numbers and names at any depth are looked at. A text that is JSON stays JSON: what is in it
 * is looked at one by one. What would take too long is hidden.
 *
 * @throws {Error} An expression does not compile: it was not checked when it was stored.
 */
export function compileRedaction(rules: readonly RedactionRule[]): Redaction {
  const agent = redactorOf(rules.filter(({ applies_to }) => applies_to !== 'log'));
  const log = redactorOf(rules.filter(({ applies_to }) => applies_to !== 'agent'));
  return {
    resultForAgent: (result) =>
      agent ? inTurns(WORK_MAX_MS, (work) => redactResult(result, agent, work)) : result,
    textForAgent: (text) => inMessage(text, agent),
    valueForLog: (value) => (log ? inTurns(WORK_MAX_MS, (work) => redactValue(value, log, work)) : value),
    textForLog: (text) => inMessage(text, log),
  };
}

function inMessage(text: string, redactor: Redactor | undefined): string {
  return redactor ? atOnce(TOO_LONG, (work) => redactor.text(text, work)) : text;
}

function redactorOf(rules: readonly RedactionRule[]): Redactor | undefined {
  return rules.length === 0 ? undefined : new Redactor(rules);
}

function* redactResult(result: ToolResult, redactor: Redactor, work: Work): Turns<ToolResult> {
  const content: ContentBlock[] = [];
  for (const block of result.content) content.push(yield* redactBlock(block, redactor, work));
  if (!result.structuredContent) return { ...result, content };
  const structuredContent = yield* redactValue(result.structuredContent, redactor, work);
  return { ...result, content, structuredContent: structuredContent as ToolResult['structuredContent'] };
}

function* redactBlock(block: ContentBlock, redactor: Redactor, work: Work): Turns<ContentBlock> {
  const { type, text, resource, ...rest } = block;
  const binary = BINARY[type] ?? '';
  const { [binary]: data, ...others } = rest;
  return {
    type,
    ...((yield* redactValue(others, redactor, work)) as object),
    ...(typeof text === 'string' && { text: yield* redactor.text(text, work) }),
    ...(data !== undefined && { [binary]: data }),
    ...(resource !== undefined && { resource: yield* redactResource(resource, redactor, work) }),
  };
}

function* redactResource(resource: unknown, redactor: Redactor, work: Work): Turns<unknown> {
  if (typeof resource !== 'object' || resource === null) return yield* redactValue(resource, redactor, work);
  const { blob, ...rest } = resource as Record<string, unknown>;
  const redacted = (yield* redactValue(rest, redactor, work)) as object;
  return blob === undefined ? redacted : { ...redacted, blob };
}

/** A copy of any JSON value, as `JSON.stringify` would see it. */
function* redactValue(value: unknown, redactor: Redactor, work: Work, depth = 0): Turns<unknown> {
  if (typeof value === 'string') return yield* redactor.text(value, work);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const literal = String(value);
    const redacted = yield* redactor.plain(literal, work);
    return redacted === literal ? value : redacted;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return TOO_DEEP;
  if (hasToJson(value)) return yield* redactValue(value.toJSON(), redactor, work, depth + 1);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value as unknown[]) {
      if (items.length % MEMBERS_AT_ONCE === 0) yield; // `true` a million times has no other turn
      items.push(yield* redactValue(item, redactor, work, depth + 1));
    }
    return items;
  }
  const taken = new NameMaker();
  const members: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const told = taken.add(name, yield* redactor.plain(name, work));
    members.push([told, yield* redactValue(member, redactor, work, depth + 1)]);
  }
  return Object.fromEntries(members);
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
