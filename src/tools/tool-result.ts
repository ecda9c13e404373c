import type { JsonObject } from './tool-definition.js';

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

/**
 * Makes a result of what a tool returned. Text stays text; data becomes JSON text (many clients show a model nothing
 * else) and `structuredContent`. A list is wrapped as `{ result: [...] }`, since only objects are structured content to
 * clients before 2026-07-28.
 *
 * @throws {Error} It cannot be said in JSON.
 */
export function toToolResult(data: unknown): ToolResult {
  if (data instanceof ToolContent) {
    const { content, structuredContent } = data;
    return structuredContent ? { content, structuredContent } : { content };
  }
  if (data === undefined || data === null) return textResult('Done. The tool returned no data.');
  if (typeof data === 'string') return textResult(data);
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new Error(`The tool returned a ${typeof data}, which is no JSON`);
  if (typeof data !== 'object') return textResult(text);
  const isAsItIs = Array.isArray(data) ? text.startsWith('[') : text.startsWith('{');
  if (!isAsItIs) return toToolResult(JSON.parse(text)); // a Date, say, is a text
  const structuredContent = (Array.isArray(data) ? { result: data } : data) as JsonObject;
  return { content: [{ type: 'text', text }], structuredContent };
}

/** A failure told to the agent as text, since several clients ignore the `isError` flag. */
export function errorResult(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

function textResult(text: string): ToolResult {
  return { content: [{ type: 'text', text }] };
}
