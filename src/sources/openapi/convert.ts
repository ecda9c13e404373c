import { readDocument } from './document.js';
import type { ApiServer, SecurityScheme } from './operation.js';
import { type OperationTool, toTool } from './operation-tool.js';
import { readOperations } from './read-operations.js';
import { readSchemes } from './security-schemes.js';
import { serversOf } from './servers.js';
import { toolNames } from './tool-names.js';
import { plainText } from './plain-text.js';
import { shortenText } from '../../platform/cut-text.js';

const DESCRIPTION_MAX = 2000; // characters
const OPERATIONS_MAX = 10_000;

export type ConvertOptions = {
  /** Before each tool's name. */
  readonly prefix?: string;
  /** Names of tools that were given before, by method and path. */
  readonly known?: readonly (readonly [string, string])[];
  /** Only these, by method and path; absent: all. */
  readonly only?: readonly string[];
};

export type ConvertedOperation = OperationTool & {
  readonly ownName: string;
  readonly toolName: string;
  readonly operationId?: string;
  readonly tags: readonly string[];
  readonly isDeprecated: boolean;
};

/** A document as tools. Plain data: it comes out of a thread. */
export type Conversion = {
  readonly dialect: string;
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly servers: readonly ApiServer[];
  readonly schemes: Readonly<Record<string, SecurityScheme>>;
  readonly operations: readonly ConvertedOperation[];
};

/**
 * Converts a document, each operation by itself.
 *
 * @throws {InvalidInputError} It is no OpenAPI document.
 */
export function convertDocument(text: string, { prefix, known, only }: ConvertOptions = {}): Conversion {
  const document = readDocument(text);
  const all = readOperations(document).slice(0, OPERATIONS_MAX);
  const names = toolNames(all, { known: new Map(known), ...(prefix !== undefined && { prefix }) });
  const wanted = only && new Set(only);
  const info = (document.root['info'] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    dialect: document.dialect,
    title: shortenText(textOf(info['title']), 200),
    version: shortenText(textOf(info['version']), 100),
    description: shortenText(plainText(textOf(info['description'])), DESCRIPTION_MAX),
    servers: serversOf(document),
    schemes: readSchemes(document),
    operations: all
      .filter(({ ownName }) => !wanted || wanted.has(ownName))
      .map((operation) => ({
        ownName: operation.ownName,
        toolName: names.get(operation.ownName) ?? '',
        ...(operation.operationId !== undefined && { operationId: operation.operationId }),
        tags: operation.tags,
        isDeprecated: operation.isDeprecated,
        ...toTool(document, operation),
      })),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
