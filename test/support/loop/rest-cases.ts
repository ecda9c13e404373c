import type { JsonSchema, Operation, Schemas } from '../openapi-fuzz.js';
import type { Case } from '../stall-meter.js';

/** As long as a server takes headers. */
export const HEADERS_BYTES = 15_000;

/** Just below what a body may hold, so that it gets past the count and to whoever reads it. */
const VALUES = 19_900;

const texts = new Map<string, string>();

/** So many of what is counted, as long as may be; made once, since it takes longer than what it tries. */
function filled(room: number, count: number, unit: (index: number) => string): string {
  const key = `${unit.toString()} ${room} ${count}`;
  let text = texts.get(key);
  if (text === undefined) {
    const parts: string[] = [];
    for (let length = 0; parts.length < count && length < room;) {
      const part = unit(parts.length);
      parts.push(part);
      length += part.length + 1;
    }
    texts.set(key, (text = parts.slice(0, -1).join(',')));
  }
  return text;
}

/** Bodies that are refused before they are read, whatever the route. */
function refusedBodies(bytes: number): [string, string][] {
  const room = bytes - 200;
  return [
    ['unknown names', `{${filled(room, Infinity, (index) => `"a${index}":1`)}}`],
    ['one name again and again', `{${filled(room, Infinity, () => '"name":1')}}`],
    ['nothing but lists', `[${filled(room, Infinity, () => '[]')}]`],
    ['a list', `{"name":[${filled(room, Infinity, () => '"x"')}]}`],
    ['depth', '{"a":'.repeat(bytes / 6 - 1)],
    ['not JSON', '{'.repeat(bytes)],
  ];
}

/** Bodies that are much work for what reads them. */
function readBodies(bytes: number, names: readonly string[]): [string, string][] {
  const room = bytes - 200;
  const known = names.length > 0 ? names : ['name'];
  const [first] = known;
  const share = Math.floor(room / known.length) - 80;
  const count = Math.floor(VALUES / known.length) - 1;
  const each = (what: string, value: string): [string, string] => [
    `each name ${what}`,
    `{${known.map((name) => `"${name}":${value}`).join(',')}}`,
  ];
  const long = '{{ '.repeat(bytes / 3 - 40);
  return [
    ['unknown names', `{${filled(room, VALUES, (index) => `"b${index}":1`)}}`],
    [`a list for ${first}`, `{"${first}":[${filled(room, VALUES, () => '"x y"')}]}`],
    [`objects for ${first}`, `{"${first}":[${filled(room, VALUES / 2, (index) => `{"a${index}":{}}`)}]}`],
    [`names in ${first}`, `{"${first}":{${filled(room, VALUES, (index) => `"a${index}":0`)}}}`],
    ...known.map((name): [string, string] => [`a text for ${name}`, `{"${name}":"${long}"}`]),
    each('a list', `[${filled(share, count, () => '1')}]`),
    each('texts', `[${filled(share, count, () => '"a b"')}]`),
    each('names', `{${filled(share, count, (index) => `"a${index}":0`)}}`),
    each('a text', `"${'a@b.'.repeat(Math.max(0, share) / 4)}"`),
  ];
}

export function pathOf({ path }: Operation): string {
  return path.replace(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000');
}

export function refusedCases(operation: Operation, bytes: number): Case[] {
  return refusedBodies(bytes).map((body) => caseOf(operation, bytes, body));
}

/** Bodies for each name that the operation knows. */
export function bodyCases(operation: Operation, bytes: number, schemas: Schemas): Case[] {
  const { body } = operation;
  const schema: JsonSchema = body?.$ref ? (schemas[body.$ref.split('/').at(-1) ?? ''] ?? {}) : (body ?? {});
  const bodies = readBodies(bytes, Object.keys(schema.properties ?? {}));
  return bodies.map((one) => caseOf(operation, bytes, one));
}

function caseOf(operation: Operation, bytes: number, [what, body]: [string, string]): Case {
  const headers = { 'content-type': 'application/json' };
  const { name, method } = operation;
  return {
    name: `${name}: up to ${bytes} bytes, ${what}`,
    request: { method, path: pathOf(operation), headers, body },
  };
}

/** A JWT with a header as the sender likes. */
function tokenOf(header: string): string {
  return `${Buffer.from(header).toString('base64url')}.e30.${'A'.repeat(43)}`;
}

const long = (unit: string) => unit.repeat(HEADERS_BYTES / unit.length);

/** Queries and headers of one kind each, as long as may be. */
export function headerCases(operation: Operation): Case[] {
  const path = pathOf(operation);
  const queries: [string, string][] = [
    ['parameters', `?${long('a&')}`],
    ['one parameter again and again', `?${long('limit=1&')}`],
    ['brackets', `?a${long('[a]')}=1`],
    ['lists', `?${long('a[]=1&')}`],
    ['escapes', `?limit=${long('%25')}`],
    ['a cursor', `?cursor=${long('.')}`],
    ['slashes', long('/')],
  ];
  const headers: [string, string][] = [
    ['accept-language', long('zh;q=0.1,')],
    ['accept', long('*/*,')],
    ['if-none-match', long('W/"a",')],
    ['if-match', long('"a",')],
    ['authorization', `Bearer ${long(' ')}`],
    ['authorization', long('Bearer ')],
    ['authorization', `Bearer ${long('a.')}`],
    ['authorization', `Bearer ${tokenOf(`{"alg":"HS256","kid":"${'k'.repeat(9000)}"}`)}`],
    ['authorization', `Bearer ${tokenOf('['.repeat(9000))}`],
    ['authorization', `Bearer ${tokenOf(`{"alg":"HS256",${'"a":1,'.repeat(1500)}"kid":"x"}`)}`],
    ['authorization', `Bearer mcp_key_${'a'.repeat(14_000)}`],
    ['content-encoding', long('gzip,')],
    ['cookie', long('a=1;')],
    ['idempotency-key', long('"')],
    ['x-forwarded-for', long('1,')],
    ['origin', `http://${long('a.')}`],
    ['content-type', `application/json;${long('a=b;')}`],
    ['x-request-id', long('a')],
  ];
  const { method } = operation;
  return [
    { name: operation.name, request: { method, path } },
    ...queries.map(([name, query]) => ({
      name: `${operation.name}: ${name}`,
      request: { method, path: path + query },
    })),
    ...headers.map(([name, value]) => ({
      name: `${operation.name}: ${name} ${value.slice(0, 12)}`,
      request: { method, path, headers: { [name]: value } },
    })),
  ];
}
