import type { ContentBlock, ToolResult } from '../tool-result.js';
import { newName } from './json-text.js';
import type { RedactionRule } from './redaction-rules.js';
import { Redactor, Work } from './redactor.js';
import { atOnce, inTurns } from './turns.js';

/** Deeper values are hidden whole: what was not looked at is not shown. */
const DEPTH_MAX = 200;
const TOO_DEEP = '[redacted:too_deep]';
/** For an agent the work is done in turns; for the record at once. */
const AGENT_WORK_MAX = 2 ** 29;
const LOG_WORK_MAX = 2 ** 26;
/** Texts from this length on are searched in turns. */
const LONG = 262_144;
/** Members of blocks that are base64, which would match by chance. */
const BINARY: Readonly<Record<string, string>> = { image: 'data', audio: 'data' };

/** What a group's rules make of what passes through. No method throws. */
export type Redaction = {
  /** A result as the agent gets it: texts, other blocks' strings, structured content. */
  readonly resultForAgent: (result: ToolResult) => Promise<ToolResult>;
  /** A message to the agent: an error's text, progress. */
  readonly textForAgent: (text: string) => string;
  /** A request or response as the call log keeps it. */
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
    resultForAgent: async (result) => (agent ? redactResult(result, agent) : result),
    textForAgent: (text) => (agent ? atOnce(agent.text(text, new Work(LOG_WORK_MAX))) : text),
    valueForLog: (value) => (log ? redactValue(value, log, new Work(LOG_WORK_MAX)) : value),
    textForLog: (text) => (log ? atOnce(log.text(text, new Work(LOG_WORK_MAX))) : text),
  };
}

function redactorOf(rules: readonly RedactionRule[]): Redactor | undefined {
  return rules.length === 0 ? undefined : new Redactor(rules);
}

async function redactResult(result: ToolResult, redactor: Redactor): Promise<ToolResult> {
  const work = new Work(AGENT_WORK_MAX);
  const content: ContentBlock[] = [];
  for (const block of result.content) content.push(await redactBlock(block, redactor, work));
  if (!result.structuredContent) return { ...result, content };
  const structured = new Work(AGENT_WORK_MAX); // most often the same as the text, which has used up its own
  const isLong = content.some(({ text }) => typeof text === 'string' && text.length >= LONG);
  const structuredContent = isLong
    ? JSON.parse(await inTurns(redactor.text(JSON.stringify(result.structuredContent), structured)))
    : redactValue(result.structuredContent, redactor, structured);
  return { ...result, content, structuredContent: structuredContent as ToolResult['structuredContent'] };
}

async function redactBlock(block: ContentBlock, redactor: Redactor, work: Work): Promise<ContentBlock> {
  const { type, text, resource, ...rest } = block;
  const binary = BINARY[type] ?? '';
  const { [binary]: data, ...others } = rest;
  return {
    type,
    ...(redactValue(others, redactor, work) as object),
    ...(typeof text === 'string' && { text: await redactText(text, redactor, work) }),
    ...(data !== undefined && { [binary]: data }),
    ...(resource !== undefined && { resource: redactResource(resource, redactor, work) }),
  };
}

async function redactText(text: string, redactor: Redactor, work: Work): Promise<string> {
  return text.length < LONG ? atOnce(redactor.text(text, work)) : inTurns(redactor.text(text, work));
}

function redactResource(resource: unknown, redactor: Redactor, work: Work): unknown {
  if (typeof resource !== 'object' || resource === null) return redactValue(resource, redactor, work);
  const { blob, ...rest } = resource as Record<string, unknown>;
  const redacted = redactValue(rest, redactor, work) as object;
  return blob === undefined ? redacted : { ...redacted, blob };
}

/** A copy of any JSON value, as `JSON.stringify` would see it. */
function redactValue(value: unknown, redactor: Redactor, work: Work, depth = 0): unknown {
  if (typeof value === 'string') return atOnce(redactor.text(value, work));
  if (typeof value === 'number' || typeof value === 'bigint')
    return redactor.number(String(value), work) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return TOO_DEEP;
  if (hasToJson(value)) return redactValue(value.toJSON(), redactor, work, depth + 1);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redactor, work, depth + 1));
  const taken = new Set<string>();
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      newName(name, redactor.name(name, work), taken),
      redactValue(member, redactor, work, depth + 1),
    ]),
  );
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
