import { types } from 'node:util';
import { isPlainObject } from '../platform/plain-object.js';
import { wellFormedJson } from '../platform/well-formed-json.js';
import { BLOCK_TYPES, findBlockFault } from './content-block.js';
import type { JsonObject } from './tool-definition.js';
import { sayabilityOf } from './unsayable.js';

/** One block of a result (MCP `ContentBlock`): text, image, audio, embedded resource or a link to one. */
export type ContentBlock = { readonly type: string } & JsonObject;

/** What a `tools/call` answers with (MCP `CallToolResult`). */
export type ToolResult = {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: JsonObject;
  readonly isError?: true;
  readonly _meta?: JsonObject;
};

/** Returned by a tool that makes its own content blocks (an image, say) instead of data. */
export class ToolContent {
  constructor(
    readonly content: readonly ContentBlock[],
    readonly structuredContent?: JsonObject,
  ) {}
}

/** A result, and whether its blocks are the tool's own: then structured content is no copy of them. */
export type ReadResult = { readonly result: ToolResult; readonly ownContent: boolean };

/** A tool returned what no client could be given. The message says what it was, not what was in it. */
export class ResultFault extends Error {}

/** A getter threw, a proxy, a value that holds itself. */
export const UNREADABLE = 'a value that cannot be read';

const MEMBERS = new Set(['content', 'structuredContent', 'isError', '_meta']);
const NO_DATA = 'Done. The tool returned no data.';
const NO_WORD = 'The tool failed and did not say why.';

/**
 * Makes a result of what a tool returned: the one place where that is looked at, so that nothing odd reaches a client. Text
 * stays text; data becomes JSON text (many clients show a model nothing else) and `structuredContent`. A list is wrapped
 * as `{ result: [...] }`, since only objects are structured content to clients before 2026-07-28.
 *
 * @throws {ResultFault} It cannot be given to a client.
 * @throws {Error} The tool returned an error instead of throwing it: that error.
 */
export function toToolResult(data: unknown): ReadResult {
  if (types.isNativeError(data) || data instanceof Error) throw data;
  try {
    if (data instanceof ToolContent) return ofBlocks(data);
    if (isWireResult(data)) return ofWire(data);
    return { result: ofData(data), ownContent: false };
  } catch (error) {
    if (error instanceof ResultFault) throw error;
    throw new ResultFault(UNREADABLE, { cause: error });
  }
}

/** A failure told to the agent as text, since several clients ignore the `isError` flag. */
export function errorResult(text: string): ToolResult {
  return { ...textResult(text.trim() === '' ? NO_WORD : text), isError: true };
}

function ofData(data: unknown): ToolResult {
  if (data === undefined || data === null || data === '') return textResult(NO_DATA);
  if (typeof data === 'string') return textResult(data);
  const plain: unknown = sayable(data);
  if (plain === null || typeof plain === 'string') return ofData(plain); // a Date, say, is a text
  const text = JSON.stringify(plain);
  if (typeof plain !== 'object') return textResult(text);
  const structuredContent = Array.isArray(plain) ? { result: plain } : (plain as JsonObject);
  return { content: [{ type: 'text', text }], structuredContent };
}

/** Blocks without a text tell most clients nothing, so structured content that stands alone is repeated as text. */
function ofBlocks({ content, structuredContent }: ToolContent): ReadResult {
  if (!Array.isArray(content)) throw new ResultFault('content that is no list of blocks');
  const blocks = sayable(content);
  for (const [index, block] of blocks.entries()) {
    const fault = findBlockFault(block);
    if (fault !== null) throw new ResultFault(`a wrong block at 'content.${index}': ${fault}`);
  }
  const ownContent = blocks.length > 0;
  if (structuredContent === undefined)
    return { result: ownContent ? { content: blocks } : textResult(NO_DATA), ownContent };
  const structured = asObject(sayable(structuredContent));
  const told = ownContent ? blocks : textResult(JSON.stringify(structured)).content;
  return { result: { content: told, structuredContent: structured }, ownContent };
}

/** What MCP puts on the wire, returned by a tool: it is understood, and never passed on as it is. */
type WireResult = { readonly content: readonly ContentBlock[] } & JsonObject;

function isWireResult(data: unknown): data is WireResult {
  if (!isPlainObject(data) || !Array.isArray(data['content'])) return false;
  if (Object.keys(data).some((name) => !MEMBERS.has(name))) return false;
  return 'isError' in data || (data['content'].length > 0 && data['content'].every(looksLikeBlock));
}

function looksLikeBlock(block: unknown): boolean {
  return isPlainObject(block) && BLOCK_TYPES.has(block['type']);
}

function ofWire({ content, structuredContent, isError = false }: WireResult): ReadResult {
  if (typeof isError !== 'boolean') throw new ResultFault("an 'isError' that is neither true nor false");
  const read = ofBlocks(new ToolContent(content, structuredContent as JsonObject | undefined));
  if (!isError) return read;
  const isSilent = content.length === 0 && structuredContent === undefined;
  return { ...read, result: isSilent ? errorResult('') : { ...read.result, isError } };
}

/** The value as its JSON is read: a plain one is left as it is. */
function sayable<Value>(value: Value): Value {
  const { fault, isPlain } = sayabilityOf(value);
  if (fault !== null) throw new ResultFault(fault);
  return isPlain ? value : (JSON.parse(wellFormedJson(value)) as Value);
}

function asObject(value: JsonObject): JsonObject {
  if (!isPlainObject(value)) throw new ResultFault('structured content that is no object');
  return value;
}

function textResult(text: string): ToolResult {
  return { content: [{ type: 'text', text: text.toWellFormed() }] };
}
