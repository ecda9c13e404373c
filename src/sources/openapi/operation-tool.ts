import { shortenText } from '../../platform/cut-text.js';
import type { ToolAnnotations } from '../../tools/mcp-tool.decorator.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import type { ApiDocument } from './document.js';
import { inputOf } from './operation-input.js';
import { outputOf } from './operation-output.js';
import type { ApiOperation } from './operation.js';
import { paginationHint } from './pagination-hint.js';
import { plainText } from './plain-text.js';
import type { RequestRecipe } from './recipe.js';

const DESCRIPTION_MAX = 1500; // characters
const TITLE_MAX = 100; // characters
/** What clients get to see of an operation; the rest of a definition is its source's. */
export type ToolWords = {
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations: ToolAnnotations;
};

export type OperationTool = {
  readonly definition: ToolWords;
  readonly recipe: RequestRecipe;
  /** What of the document could not be kept, one sentence each. */
  readonly notes: readonly string[];
};

/** Makes a tool of one operation, with what it needs of the document and nothing else. */
export function toTool(document: ApiDocument, operation: ApiOperation): OperationTool {
  const notes = new Set<string>();
  const input = inputOf(document, operation, notes);
  const output = outputOf(document, operation);
  const [answer] = operation.answers;
  return {
    definition: {
      ...titleOf(operation),
      description: descriptionOf(operation, input.inputSchema),
      inputSchema: input.inputSchema,
      ...(output && { outputSchema: output.schema }),
      annotations: annotationsOf(operation),
    },
    recipe: {
      method: operation.method,
      path: operation.path,
      parameters: input.parameters,
      ...(input.body && { body: input.body }),
      security: operation.security,
      servers: operation.servers,
      ...(answer?.mediaType !== undefined && { answerType: answer.mediaType }),
      ...(output?.wraps && { wrapsAnswer: true as const }),
    },
    notes: [...notes],
  };
}

function titleOf({ summary }: ApiOperation): { readonly title?: string } {
  return summary === undefined
    ? {}
    : { title: shortenText(plainText(summary).replaceAll('\n', ' '), TITLE_MAX) };
}

function descriptionOf(
  { summary, description, method, path, isDeprecated, body }: ApiOperation,
  input: JsonObject,
): string {
  const texts = [summary, description].flatMap((text) => (text === undefined ? [] : [plainText(text)]));
  const [short, long] = texts;
  const said = long !== undefined && short !== undefined && long.startsWith(short) ? [long] : texts;
  const parts = [
    ...(isDeprecated ? ['Deprecated: use something else where you can.'] : []),
    ...said,
    ...(said.length === 0 ? [`${VERBS[method] ?? 'Calls'} ${path}`] : []),
    ...(body?.description !== undefined && said.length === 0 ? [plainText(body.description)] : []),
  ];
  const text = parts.map((part) => (/[.!?:。]$/.test(part) ? part : `${part}.`)).join('\n');
  const hint = paginationHint(input);
  return [shortenText(text, DESCRIPTION_MAX), ...(hint ? [hint] : [])].join('\n');
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'Reads',
  HEAD: 'Looks at',
  POST: 'Sends to',
  PUT: 'Replaces',
  PATCH: 'Changes',
  DELETE: 'Deletes',
};

/** A change is never said to be repeatable, although PUT and DELETE should be: it runs once, by the ledger of effects. */
function annotationsOf({ method }: ApiOperation): ToolAnnotations {
  if (['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method))
    return { readOnlyHint: true, openWorldHint: true };
  const isDestructive = method === 'POST' ? {} : { destructiveHint: true };
  return { readOnlyHint: false, ...isDestructive, openWorldHint: true };
}
