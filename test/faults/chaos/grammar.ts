/** Numbers that look random and are the same for the same seed (Mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

function pick<T>(random: Random, options: readonly T[]): T {
  return options[Math.floor(random() * options.length)];
}

function repeat(times: number, text: string): string[] {
  return Array.from({ length: times }, () => text);
}

/** JSON values that a careless or hostile client may put anywhere. */
function odd(random: Random, depth = 0): string {
  const scalars = [
    'null', 'true', '0', '-1', '1e400', '9007199254740993', '""', '"\\u0000"', '"\\ud800"', '"__proto__"',
    `"${'x'.repeat(200)}"`, '"<script>"', `"' OR 1=1--"`, '"../../etc/passwd"',
  ]; // prettier-ignore
  const roll = random();
  if (depth > 3 || roll < 0.6) return pick(random, scalars);
  if (roll < 0.8) return `[${odd(random, depth + 1)},${odd(random, depth + 1)}]`;
  return `{"${pick(random, ['name', 'id', '__proto__', 'constructor', ''])}":${odd(random, depth + 1)}}`;
}

function message(random: Random, id: string): string {
  const name = pick(random, [...repeat(6, '"chaos_echo"'), '"chaos_ech"', '""', odd(random)]);
  const args = pick(random, [
    ...repeat(4, `{"id":"${id}"}`),
    `{"id":"${id}","more":${odd(random)}}`,
    '{}',
    odd(random),
  ]);
  const params = pick(random, [
    ...repeat(4, `{"name":${name},"arguments":${args}}`),
    `{"name":${name}}`,
    odd(random),
  ]);
  const methods = [
    ...repeat(8, '"tools/call"'),
    '"tools/list"',
    '"initialize"',
    '"ping"',
    '"no/such"',
    odd(random),
  ];
  const members = [
    `"jsonrpc":${pick(random, [...repeat(8, '"2.0"'), '"1.0"', odd(random)])}`,
    `"id":${pick(random, [...repeat(6, '1'), '"a"', 'null', odd(random)])}`,
    `"method":${pick(random, methods)}`,
    `"params":${params}`,
  ];
  const kept = members.filter(() => random() > 0.08);
  return `{${kept.join(',')}}`;
}

/** A body that is a JSON-RPC message, or nearly one, or none at all. `id` is the argument of its call, if it makes one. */
export function jsonRpcBody(random: Random, id: string): string {
  const one = message(random, id);
  const cut = Math.floor(random() * one.length);
  return pick(random, [
    ...Array.from({ length: 8 }, () => () => one),
    () => `[${one}]`,
    () => `[${Array.from({ length: 60 }, () => one).join(',')}]`,
    () => `[[${one}]]`,
    () => '[]',
    () => one.slice(0, cut),
    () => one + one,
    () => one.slice(0, cut) + pick(random, ['"', '{', ']', '\u0000', '\u2028', ',', '//']) + one.slice(cut),
    () => `\uFEFF${one}`,
    () => one.replaceAll('"', "'"),
    () => '['.repeat(100) + ']'.repeat(100),
    () => odd(random),
    () => '',
  ])();
}

/** What smuggled requests ask for: none of it may ever be called. */
export const SMUGGLED = 'smuggled';

/** A request as bytes on a connection that break the rules of HTTP/1.1 (RFC 9112), each in one way, or two. */
export function httpRequest(random: Random, key: string): string {
  const args = `{"name":"chaos_echo","arguments":{"id":"${SMUGGLED}"}}`;
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${args}}`;
  const auth = `Host: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
  const line = 'POST /mcp/chaos/mcp HTTP/1.1\r\n';
  const hidden = `${line}${auth}Content-Length: ${call.length}\r\n\r\n${call}`;
  const post = (headers: string, rest: string) => `${line}${auth}${headers}\r\n\r\n${rest}`;
  const chunked = (rest: string) => post('Transfer-Encoding: chunked', rest);
  const sized = (length: string, rest = body) => post(`Content-Length: ${length}`, rest);
  const own = `Content-Length: ${body.length}`;
  if (random() < 0.25) return smuggling(random, post, hidden);
  const broken = pick(random, [
    () => chunked(`ZZ\r\n${body}\r\n0\r\n\r\n`),
    () => chunked(`FFFFFFFFFFFFFFFFFF\r\n${body}\r\n0\r\n\r\n`),
    () => chunked(`-5\r\n${body}\r\n0\r\n\r\n`),
    () => chunked(`${body.length.toString(16)};${'x'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`),
    () => chunked(`${body.length.toString(16)}\r\n${body}0\r\n\r\n`),
    () => sized(String(body.length + 1 + Math.floor(random() * 100))),
    () => sized(String(Math.floor(random() * body.length))),
    () => sized(pick(random, ['-1', '+5', '1e3', '0x28', '40, 40', '99999999999999999999', 'many', ''])),
    () => post(`${own}\r\nContent-Length: ${body.length + 5}`, body),
    () => post(`${own}\r\n${'X-Bomb: 1\r\n'.repeat(3000)}X-End: 1`, body),
    () => post(`${own}\r\nX-Bomb: ${'x'.repeat(100_000)}`, body),
    () => post(`${own}\r\n${pick(random, ['No colon', ' folded: 1', 'X Y: 1', 'X\u0000: 1', ': none', 'X-\u00e9: 1'])}`, body),
    () => sized(String(body.length)).replaceAll('\r\n', pick(random, ['\n', '\r', '\r\r\n'])),
    () => `${pick(random, ['POST', 'post', 'P\u0000ST', 'X'.repeat(5000), 'GET', 'TRACE', 'CONNECT', 'PRI', ''])} /mcp/chaos/mcp ${pick(random, ['HTTP/1.1', 'HTTP/0.9', 'HTTP/9.9', 'HTTP/2.0', 'ICE/1.0', ''])}\r\n${auth}${own}\r\n\r\n${body}`,
    () => `POST ${pick(random, ['*', `/${'a'.repeat(30_000)}`, '/mcp/%00/mcp', '/mcp/../../x', '//evil/mcp', 'http://evil/mcp/chaos/mcp', '/mcp/\u00e9', 'mcp'])} HTTP/1.1\r\n${auth}${own}\r\n\r\n${body}`,
    () => `${line}Content-Length: 2\r\n\r\n{}`,
    () => `${line}Host: a\r\n${auth}${own}\r\n\r\n${body}`,
    () => post(`${own}\r\nExpect: ${pick(random, ['100-continue', '200-maybe'])}`, body),
    () => post(`${own}\r\nContent-Encoding: ${pick(random, ['gzip', 'br', 'x'])}`, body),
    () => post(`${own}\r\nConnection: Upgrade\r\nUpgrade: ${pick(random, ['websocket', 'h2c', 'x'])}`, body),
    () => `\u0016\u0003\u0001\u0002\u0000\u0001\u0000${'\u00ff'.repeat(64)}`,
    () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    () => Array.from({ length: 200 }, () => String.fromCharCode(Math.floor(random() * 256))).join(''),
  ])(); // prettier-ignore
  if (random() > 0.2) return broken;
  const place = Math.floor(random() * broken.length);
  return broken.slice(0, place) + String.fromCharCode(Math.floor(random() * 256)) + broken.slice(place + 1);
}

/**
 * Two lengths of one body, so that two readers of a connection would see two different next requests (CL.TE, TE.CL,
 * TE.TE). Whoever reads this must refuse the first request and close, never see a second one in the rest.
 */
function smuggling(random: Random, post: (headers: string, rest: string) => string, hidden: string): string {
  const rest = `0\r\n\r\n${hidden}`;
  const inChunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
  return pick(random, [
    () => post(`Content-Length: ${rest.length}\r\nTransfer-Encoding: chunked`, rest),
    () => post(`Transfer-Encoding: chunked\r\nContent-Length: 4`, inChunk),
    () => post('Transfer-Encoding: xchunked', rest),
    () => post('Transfer-Encoding: chunked, identity', rest),
    () => post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked, x', rest),
    () => post('Transfer-Encoding : chunked', rest),
    () => post('Transfer-Encoding:\u000bchunked', rest),
    () => post('X: y\nTransfer-Encoding: chunked', rest),
    () => post('Content-Length: 0\r\nContent-Length: 5', hidden),
    () => post('Content-Length: 0, 5', hidden),
  ])();
}
