import { Injectable } from '@nestjs/common';
import { callerName } from '../../access/caller.js';
import { Config } from '../../platform/config.js';
import { redactionOf } from '../redaction/redaction.js';
import { NOTE_BYTES, READ_RESULT } from '../long-results/read-result.tools.js';
import { ResultStore } from '../long-results/result-store.js';
import { firstBytes, jsonBytes } from '../long-results/text-bytes.js';
import { type BoundTool, isRepeatable } from './bound-tool.js';
import { bytesOfBlock, holdsMoreThan, isLongerThan } from './result-size.js';
import { type Attempt, failure, type ToolCall } from './tool-call.js';
import {
  type ContentBlock,
  type ReadResult,
  ResultFault,
  type ToolResult,
  UNREADABLE,
} from '../tool-result.js';

/** Each is looked at, written, checked and recorded while others wait; a MiB of rows has some 60,000. */
const RESULT_VALUES_MAX = 100_000;
/** Of a cut result's `_meta`: `{ shownBytes, totalBytes, handle? }`. */
export const TRUNCATED = 'io.toolcrib/truncated';

type Limited = ReadResult & { readonly limit: number };

/** Makes of a tool's good result what its agent may have: redacted by the group's rules, no longer than allowed. */
@Injectable()
export class ResultForAgent {
  constructor(
    private readonly config: Config,
    private readonly store: ResultStore,
  ) {}

  /**
   * Looks at what a tool returned before it is written out, checked or searched: all of that takes as long as it is large,
   * and everybody waits meanwhile.
   *
   * @returns The outcome when it is longer than anything that could be shown or kept of it.
   * @throws {ResultFault} It cannot be looked at.
   */
  refuseHuge(call: ToolCall, tool: BoundTool, data: unknown): Attempt | undefined {
    const limit = Math.max(maxBytesOf(call, tool, this.config), this.config.env.TOOL_RESULT_KEEP_MAX_BYTES);
    try {
      if (isLongerThan(data, limit)) return tooLarge(tool, limit);
      return holdsMoreThan(data, RESULT_VALUES_MAX) ? tooMany(tool) : undefined;
    } catch (cause) {
      throw new ResultFault(UNREADABLE, { cause });
    }
  }

  async make(
    call: ToolCall,
    tool: BoundTool,
    { result: original, ownContent }: ReadResult,
  ): Promise<Attempt> {
    const redaction = redactionOf(call.policy.redaction);
    const textOnly = call.policy.structured_content === false;
    const shown = textOnly ? withoutStructured(original) : original;
    const result = redaction ? await redaction.resultForAgent(shown) : shown;
    const isPromised = tool.definition.outputSchema && !result.isError && !textOnly;
    if (redaction && isPromised && tool.validators.checkResult(result.structuredContent))
      return asText(result, `${tool.definition.name} ran. ${MISFIT}`);
    const limit = maxBytesOf(call, tool, this.config);
    const bytes = sizeOf(result, ownContent, limit);
    if (bytes <= limit) return whole(result);
    if (!result.content.every(isText)) return tooLarge(tool, limit);
    const room = isPromised ? limit - SENTENCE_BYTES : limit;
    if (!ownContent && sizeOf(withoutStructured(result), ownContent, room) <= room)
      return isPromised
        ? asText(result, `${tool.definition.name} ran. ${TWICE_TOO_LONG}`)
        : whole(withoutStructured(result));
    return this.cut(call, tool, { result, limit, ownContent });
  }

  /** The first part as text with a note; where the group has `read_result`, the whole is kept for it. */
  private async cut(
    call: ToolCall,
    tool: BoundTool,
    { result, limit, ownContent }: Limited,
  ): Promise<Attempt> {
    const { name, outputSchema } = tool.definition;
    const text = textOf(result, ownContent);
    const totalBytes = Buffer.byteLength(text);
    if (jsonBytes(text, limit) <= limit - NOTE_BYTES) return tooLarge(tool, limit); // what is more belongs to the blocks, and cannot be read on
    const keepable = this.config.env.TOOL_RESULT_KEEP_MAX_BYTES;
    if (totalBytes > keepable) return tooLarge(tool, keepable);
    const { tenantId, groupId, caller } = call;
    const owner = { tenantId, groupId, caller: callerName(caller) };
    const handle = call.hasTool(READ_RESULT) ? await this.store.keep(owner, name, text) : undefined;
    const first = firstBytes(text, limit - NOTE_BYTES);
    const shownBytes = Buffer.byteLength(first);
    const note = noteOf(tool, { shownBytes, totalBytes }, handle);
    const cut: ToolResult = {
      content: [
        { type: 'text', text: first },
        { type: 'text', text: note },
      ],
      ...(result.isError && { isError: true }),
      _meta: { ...result._meta, [TRUNCATED]: { shownBytes, totalBytes, ...(handle && { handle }) } },
    };
    const isPromised = outputSchema && !result.isError && call.policy.structured_content !== false;
    if (!isPromised) return whole(cut);
    return asText(cut, `${name} ran. ${UNSTRUCTURED}`);
  }
}

const MISFIT =
  'Its result is complete but for what the group hides, and is given as text only: with that hidden it is not what its output schema promises.';
const TWICE_TOO_LONG =
  'Its result is complete, and given as text only: it is too long to be given twice, as text and in the form its output schema promises.';
const UNSTRUCTURED =
  'Its result is too long to be given in the form its output schema promises; the beginning is given as text.';

/** How long a result of the tool may be in this group. */
export function maxBytesOf(call: ToolCall, tool: BoundTool, { env }: Config): number {
  return tool.policy.result_max_bytes ?? call.policy.result_max_bytes ?? env.TOOL_RESULT_MAX_BYTES;
}

/** A result as a group without structured content gives it. */
export function withoutStructured({ structuredContent: _withheld, ...result }: ToolResult): ToolResult {
  return result;
}

function whole(result: ToolResult): Attempt {
  return { kind: 'result', result, errorKind: null, error: null };
}

/** A result that cannot have the structured content it must have: MCP allows that of errors only. */
function asText({ structuredContent: _withheld, ...result }: ToolResult, message: string): Attempt {
  const content = [...result.content, { type: 'text', text: `[${message}]` }];
  return {
    kind: 'result',
    result: { ...result, content, isError: true },
    errorKind: 'result_invalid',
    error: message,
  };
}

function tooLarge(tool: BoundTool, limit: number): Attempt {
  const result = `The result of ${tool.definition.name} is more than the ${limit} bytes allowed.`;
  return failure('result_invalid', `${result} ${adviceOn(tool)}`);
}

function tooMany(tool: BoundTool): Attempt {
  const result = `The result of ${tool.definition.name} holds more than the ${RESULT_VALUES_MAX} values allowed.`;
  return failure('result_invalid', `${result} ${adviceOn(tool)}`);
}

/** To call it again is no way to see its result, when each call has an effect. */
function adviceOn(tool: BoundTool): string {
  return isRepeatable(tool) ? ASK_FOR_LESS : 'The tool ran; do not call it again for its result.';
}

const ASK_FOR_LESS = 'Ask for less, for instance with a smaller limit or a narrower query.';

function noteOf(
  tool: BoundTool,
  { shownBytes, totalBytes }: { readonly shownBytes: number; readonly totalBytes: number },
  handle: string | undefined,
): string {
  const cut = `[Cut: this is the first ${shownBytes} of ${totalBytes} bytes.`;
  if (handle === undefined) return `${cut} ${adviceOn(tool)}]`;
  const args = JSON.stringify({ handle, offset: shownBytes });
  return `${cut} To read on, call ${READ_RESULT} with ${args}.]`;
}

function isText({ type, text }: ContentBlock): boolean {
  return type === 'text' && typeof text === 'string';
}

function textOf({ content, structuredContent }: ToolResult, ownContent: boolean): string {
  const texts = content.map(({ text }) => text as string);
  if (ownContent && structuredContent) texts.push(JSON.stringify(structuredContent));
  return texts.join('\n');
}

/** Room for the sentence that {@link asText} adds. */
const SENTENCE_BYTES = 384;
/** What goes around a result: the JSON-RPC message and, in a stream, the event. Its id is as long as the client likes. */
const ENVELOPE_BYTES = 256;

/**
 * In bytes of UTF-8 as they go over the wire, escaped. Structured content counts, too: it goes beside a text that says the same,
 * and some clients take no message of more than a mebibyte.
 *
 * @param enough More need not be counted.
 */
function sizeOf({ content, structuredContent }: ToolResult, ownContent: boolean, enough: number): number {
  const bytes = content.reduce((sum, block) => sum + bytesOfBlock(block, enough), ENVELOPE_BYTES);
  if (!structuredContent || bytes > enough) return bytes;
  const isCopy = !ownContent && typeof content[0]?.['text'] === 'string';
  return (
    bytes + Buffer.byteLength(isCopy ? (content[0]['text'] as string) : JSON.stringify(structuredContent))
  );
}
