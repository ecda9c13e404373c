import type { ContentBlock, ToolResult } from '../tools/tool-result.js';
import { type Detector, detectorOf } from './detectors.js';
import { isJsonText, mapJsonText } from './json-text.js';
import type { RedactionRule } from './redaction-rules.js';

/** Deeper values are hidden whole: what was not looked at is not shown. */
const DEPTH_MAX = 200;
/** How often JSON may stand inside a string of JSON. */
const NESTED_JSON_MAX = 8;
const TOO_DEEP = '[redacted:too_deep]';
/** Members of content blocks that are no text: base64 would match by chance. */
const BINARY_MEMBERS = new Set(['type', 'data', 'blob', 'mimeType']);

/** What a group's rules make of what passes through. No method throws. */
export type Redaction = {
  /** A result as the agent gets it: texts, other blocks' strings, structured content. */
  readonly resultForAgent: (result: ToolResult) => ToolResult;
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
 * In objects and lists strings and numbers at any depth are looked at, names of properties are not. A text that is JSON
 * stays JSON: its strings are looked at one by one.
 *
 * @throws {Error} An expression does not compile: it was not checked when it was stored.
 */
export function compileRedaction(rules: readonly RedactionRule[]): Redaction {
  const agent = redactorOf(rules.filter(({ applies_to }) => applies_to !== 'log'));
  const log = redactorOf(rules.filter(({ applies_to }) => applies_to !== 'agent'));
  return {
    resultForAgent: (result) => (agent ? redactResult(result, agent) : result),
    textForAgent: (text) => (agent ? agent.text(text) : text),
    valueForLog: (value) => (log ? redactValue(value, log) : value),
    textForLog: (text) => (log ? log.text(text) : text),
  };
}

type Redactor = {
  readonly text: (text: string) => string;
  readonly number: (literal: string) => string | undefined;
};

function redactorOf(rules: readonly RedactionRule[]): Redactor | undefined {
  if (rules.length === 0) return undefined;
  const detectors = rules.map(detectorOf);
  const plain: Detector = (text) => detectors.reduce((left, detect) => detect(left), text);
  const number = (literal: string) => {
    const redacted = plain(literal);
    return redacted === literal ? undefined : redacted;
  };
  const text = (value: string, nesting = 0): string => {
    if (nesting >= NESTED_JSON_MAX || !isJsonText(value)) return plain(value);
    return mapJsonText(value, {
      string: (inner) => text(inner, nesting + 1),
      number: (literal) => {
        const redacted = number(literal);
        return redacted === undefined ? literal : JSON.stringify(redacted);
      },
    });
  };
  return { text: (value) => text(value), number };
}

function redactResult(result: ToolResult, redactor: Redactor): ToolResult {
  const content = result.content.map((block) => redactBlock(block, redactor));
  if (!result.structuredContent) return { ...result, content };
  const structuredContent = redactValue(
    result.structuredContent,
    redactor,
  ) as ToolResult['structuredContent'];
  return { ...result, content, structuredContent };
}

function redactBlock(block: ContentBlock, redactor: Redactor): ContentBlock {
  return redactValue(block, redactor, BINARY_MEMBERS) as ContentBlock;
}

/** A copy of any JSON value, as `JSON.stringify` would see it. */
function redactValue(value: unknown, redactor: Redactor, left?: ReadonlySet<string>, depth = 0): unknown {
  if (typeof value === 'string') return redactor.text(value);
  if (typeof value === 'number' || typeof value === 'bigint') return redactor.number(String(value)) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return TOO_DEEP;
  if (hasToJson(value)) return redactValue(value.toJSON(), redactor, left, depth + 1);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redactor, left, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      left?.has(name) ? member : redactValue(member, redactor, left, depth + 1),
    ]),
  );
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
