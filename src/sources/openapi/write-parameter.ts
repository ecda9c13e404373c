import { isPlainObject } from '../../platform/plain-object.js';
import type { Writing } from './operation.js';

const SEPARATORS: Readonly<Record<string, string>> = {
  spaceDelimited: '%20',
  pipeDelimited: '%7C',
  tabDelimited: '%09',
};

/** Writes a scalar as text; what is none of those as JSON. */
export function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

type Encode = (text: string) => string;

/** A value within a path, by the styles `simple`, `label` and `matrix` (RFC 6570). */
export function pathText(name: string, value: unknown, { style, explode }: Writing): string {
  const encode = encodeURIComponent;
  if (style === 'label')
    return `.${joined(value, encode, { separator: explode ? '.' : ',', pair: explode ? '=' : ',' })}`;
  if (style !== 'matrix') return simpleText(value, explode, encode);
  const own = encode(name);
  if (Array.isArray(value))
    return explode
      ? value.map((item) => `;${own}=${encode(scalarText(item))}`).join('')
      : `;${own}=${simpleText(value, false, encode)}`;
  if (isPlainObject(value) && explode)
    return Object.entries(value)
      .map(([key, item]) => `;${encode(key)}=${encode(scalarText(item))}`)
      .join('');
  return `;${own}=${simpleText(value, false, encode)}`;
}

/** A value with commas, as headers have it. */
export function simpleText(value: unknown, explode: boolean, encode: Encode): string {
  return joined(value, encode, { separator: ',', pair: explode ? '=' : ',' });
}

function joined(
  value: unknown,
  encode: Encode,
  marks: { readonly separator: string; readonly pair: string },
): string {
  if (Array.isArray(value)) return value.map((item) => encode(scalarText(item))).join(marks.separator);
  if (!isPlainObject(value)) return encode(scalarText(value));
  return Object.entries(value)
    .map(([key, item]) => `${encode(key)}${marks.pair}${encode(scalarText(item))}`)
    .join(marks.separator);
}

/** A value as `name=value` parts of a query, a form or a cookie, each encoded. */
export function pairsOf(name: string, value: unknown, writing: Writing): string[] {
  const encode = writing.allowReserved ? encodeReserved : encodeURIComponent;
  const own = encodeURIComponent(name);
  if (writing.asJson) return [`${own}=${encode(JSON.stringify(value))}`];
  if (writing.style === 'deepObject' && typeof value === 'object' && value !== null)
    return deepPairs(own, value, encode);
  if (Array.isArray(value)) {
    if (writing.explode) return value.map((item) => `${own}=${encode(scalarText(item))}`);
    const separator = SEPARATORS[writing.style] ?? ',';
    return [`${own}=${value.map((item) => encode(scalarText(item))).join(separator)}`];
  }
  if (!isPlainObject(value)) return [`${own}=${encode(scalarText(value))}`];
  const members = Object.entries(value);
  if (writing.explode && writing.style === 'form')
    return members.map(([key, item]) => `${encodeURIComponent(key)}=${encode(scalarText(item))}`);
  const separator = SEPARATORS[writing.style] ?? ',';
  return [
    `${own}=${members.flatMap(([key, item]) => [encode(key), encode(scalarText(item))]).join(separator)}`,
  ];
}

function deepPairs(prefix: string, value: object, encode: Encode): string[] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const name = `${prefix}[${encodeURIComponent(key)}]`;
    if (Array.isArray(item) && item.every((one) => typeof one !== 'object'))
      return item.map((one) => `${name}=${encode(scalarText(one))}`);
    return typeof item === 'object' && item !== null
      ? deepPairs(name, item, encode)
      : [`${name}=${encode(scalarText(item))}`];
  });
}

/** `& = + #` would end the value, so that they are encoded even where the document would let them stand. */
function encodeReserved(text: string): string {
  return encodeURI(text).replaceAll(/[&=+#]/g, encodeURIComponent);
}
