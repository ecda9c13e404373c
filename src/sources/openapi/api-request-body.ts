import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { type FileBytes, fileBytes, type ReadHandle } from './file-bytes.js';
import { bareType, isJsonType } from './media-types.js';
import type { FieldEncoding, Writing } from './operation.js';
import type { RecipeBody } from './recipe.js';
import { onTheWire } from './wire-names.js';
import { pairsOf, scalarText } from './write-parameter.js';

export type FormedBody = { readonly contentType: string; readonly bytes: Buffer };

const FORM: Writing = { style: 'form', explode: true };

/**
 * Makes a request's body of a tool's arguments.
 *
 * @returns Undefined: nothing was given for it.
 * @throws {InvalidInputError} A file cannot be read.
 */
export async function formBody(
  recipe: RecipeBody,
  args: JsonObject,
  readHandle: ReadHandle,
): Promise<FormedBody | undefined> {
  const value = valueOf(recipe, args);
  if (value === undefined) return undefined;
  const { mediaType, kind } = recipe;
  const contentType = mediaType === '*/*' ? 'application/json' : mediaType;
  if (kind === 'json') return { contentType, bytes: Buffer.from(JSON.stringify(value)) };
  if (kind === 'text')
    return { contentType: withCharset(contentType), bytes: Buffer.from(scalarText(value)) };
  if (kind === 'bytes') return bytesBody(contentType, await fileBytes(scalarText(value), readHandle));
  if (!isPlainObject(value))
    return { contentType: 'text/plain;charset=utf-8', bytes: Buffer.from(scalarText(value)) };
  return kind === 'form'
    ? { contentType, bytes: Buffer.from(formText(recipe, value)) }
    : multipart(recipe, value, readHandle);
}

function bytesBody(contentType: string, { bytes, mediaType }: FileBytes): FormedBody {
  return {
    contentType: contentType.includes('*') ? (mediaType ?? 'application/octet-stream') : contentType,
    bytes,
  };
}

function valueOf({ whole, fields, wire }: RecipeBody, args: JsonObject): unknown {
  if (whole !== undefined) return Object.hasOwn(args, whole) ? onTheWire(args[whole], wire) : undefined;
  const given = Object.entries(fields ?? {}).filter(([argument]) => Object.hasOwn(args, argument));
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map(([argument, name]) => [name, onTheWire(args[argument], wire?.inside?.[argument])]),
  );
}

function withCharset(contentType: string): string {
  return contentType.includes('charset') ? contentType : `${contentType};charset=utf-8`;
}

/** As browsers write a form: a space is a plus. */
function formText({ encoding = {} }: RecipeBody, value: JsonObject): string {
  return Object.entries(value)
    .flatMap(([name, field]) => pairsOf(name, field, writingOf(encoding[name], field)))
    .join('&')
    .replaceAll('%20', '+');
}

function writingOf(encoding: FieldEncoding | undefined, field: unknown): Writing {
  const { contentType, style, explode, allowReserved } = encoding ?? {};
  if (style === undefined && explode === undefined) {
    const isJson = contentType !== undefined && isJsonType(contentType);
    // A list of objects has no other form here.
    const isDeep = Array.isArray(field) && field.some((item) => typeof item === 'object' && item !== null);
    return isJson || isDeep
      ? { ...FORM, asJson: true }
      : { ...FORM, ...(allowReserved && { allowReserved }) };
  }
  const given = style ?? 'form';
  return { style: given, explode: explode ?? given === 'form', ...(allowReserved && { allowReserved }) };
}

async function multipart(
  { encoding = {}, files = [] }: RecipeBody,
  value: JsonObject,
  readHandle: ReadHandle,
): Promise<FormedBody> {
  const form = new FormData();
  for (const [name, field] of Object.entries(value)) {
    const { contentType, style, explode } = encoding[name] ?? {};
    const isList = Array.isArray(field) && !(style !== undefined && explode === false);
    for (const one of isList ? (field as unknown[]) : [field]) {
      if (files.includes(name)) {
        const file = await fileBytes(scalarText(one), readHandle);
        const type = file.mediaType ?? fixedType(contentType) ?? 'application/octet-stream';
        form.append(name, new Blob([new Uint8Array(file.bytes)], { type }), file.name ?? name);
      } else if (typeof one === 'object' && one !== null && !Array.isArray(one))
        form.append(
          name,
          new Blob([JSON.stringify(one)], { type: fixedType(contentType) ?? 'application/json' }),
          name,
        );
      else form.append(name, Array.isArray(one) ? one.map(scalarText).join(',') : scalarText(one));
    }
  }
  const written = new Response(form);
  return {
    contentType: written.headers.get('content-type') ?? '',
    bytes: Buffer.from(await written.arrayBuffer()),
  };
}

/** An encoding may allow several, or any. */
function fixedType(contentType: string | undefined): string | undefined {
  const type = contentType === undefined ? '' : bareType(contentType);
  return type === '' || /[,*]/.test(contentType ?? '') ? undefined : type;
}
