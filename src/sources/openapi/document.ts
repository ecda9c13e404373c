import { parse as parseYaml } from 'yaml';
import { InvalidInputError, messageOf } from '../../platform/errors.js';
import { cutText } from '../../platform/cut-text.js';
import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';

/** A document that names a few bytes a million times must not become gigabytes. */
const ALIASES_MAX = 1000;
const REFERENCES_MAX = 32;

/** An OpenAPI document as it was read: its version is known and it has paths; nothing else is certain. */
export type ApiDocument = {
  /** `2.0`, `3.0` or `3.1`; what comes after 3.1 is read as 3.1. */
  readonly dialect: '2.0' | '3.0' | '3.1';
  readonly root: JsonObject;
};

/**
 * Reads an OpenAPI document (Swagger 2.0, OpenAPI 3.0 and later) written as JSON or YAML. It is not held against the standard's own schema:
 * half of the documents in use break that somewhere, and an operation that can be used can be used.
 *
 * @throws {InvalidInputError} It is no such document; the message says what it is instead.
 */
export function readDocument(text: string): ApiDocument {
  const root = parsed(text.replace(/^\uFEFF/, ''));
  if (!isPlainObject(root)) throw new InvalidInputError(`The document is ${kindOf(root)}, not an object`);
  const dialect = dialectOf(root);
  if (!isPlainObject(root['paths'])) {
    const hooks = isPlainObject(root['webhooks']) ? ', only webhooks, which call others' : '';
    throw new InvalidInputError(`The document describes no paths${hooks}: there is nothing to call`);
  }
  return { dialect, root };
}

function parsed(text: string): unknown {
  if (text.trim() === '') throw new InvalidInputError('The document is empty');
  try {
    return JSON.parse(text);
  } catch (error) {
    if (/^\s*[{[]/.test(text) && !looksLikeYaml(text))
      throw new InvalidInputError(`The document is not JSON: ${cutText(messageOf(error), 200)}`);
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    throw new InvalidInputError('The document is a page, not OpenAPI: give the address of its JSON or YAML');
  return ofYaml(text);
}

/** YAML may begin with a brace, too; then its names have no quotes. */
function looksLikeYaml(text: string): boolean {
  return !/^\s*[{[]\s*["{[]/.test(text);
}

function ofYaml(text: string): unknown {
  try {
    const read: unknown = parseYaml(text, { maxAliasCount: ALIASES_MAX, merge: true, logLevel: 'error' });
    JSON.stringify(read); // an anchor may hold itself
    return read;
  } catch (error) {
    const [line = ''] = messageOf(error).split('\n');
    throw new InvalidInputError(`The document is neither JSON nor YAML: ${cutText(line, 200)}`);
  }
}

function dialectOf({ openapi, swagger, asyncapi, info }: JsonObject): ApiDocument['dialect'] {
  if (String(swagger) === '2.0' || swagger === 2) return '2.0';
  const version = /^3\.(\d+)/.exec(String(openapi));
  if (version) return version[1] === '0' ? '3.0' : '3.1';
  if (asyncapi !== undefined) throw new InvalidInputError('The document is AsyncAPI, not OpenAPI');
  if (isPlainObject(info) && '_postman_id' in info)
    throw new InvalidInputError('The document is a Postman collection: export it as OpenAPI first');
  const said = [openapi, swagger].find((one) => one !== undefined);
  throw new InvalidInputError(
    said === undefined
      ? 'The document says no version: `openapi: 3.x` or `swagger: "2.0"` must be at its root'
      : `The document is of version ${cutText(JSON.stringify(said), 30)}; 2.0, 3.0 and 3.1 can be read`,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'empty' : `a ${typeof value}`;
}

/** What a reference within the document leads to; undefined: nothing, or it leaves the document. */
export function lookUp({ root }: ApiDocument, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  let node: unknown = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined;
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
    node = Object.hasOwn(node, name) ? (node as JsonObject)[name] : undefined;
  }
  return node;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** Follows references of what is no schema: a parameter, an answer, a path. @returns Undefined: they lead nowhere. */
export function follow(document: ApiDocument, node: unknown): JsonObject | undefined {
  let at = node;
  for (let count = 0; count < REFERENCES_MAX; count++) {
    if (!isPlainObject(at)) return undefined;
    const { $ref, ...beside } = at;
    if (typeof $ref !== 'string') return at;
    const target = lookUp(document, $ref);
    // Beside a reference a summary or a description may stand (3.1), for this place only.
    at = isPlainObject(target) ? { ...target, ...beside } : undefined;
  }
  return undefined;
}
