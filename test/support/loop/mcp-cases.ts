import type { Config } from '../../../src/platform/config.js';

type Env = Config['env'];
type Rule = { readonly detector: string; readonly pattern?: string };

const pattern = (text: string): Rule => ({ detector: 'pattern', pattern: text });
/** What makes most work of the texts that the tools return. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  'no match of a long repetition': [pattern('[^b]{1,900}[q-r]')],
  'a match at each character': [pattern('[^q]')],
  'many states': [pattern('(?:[a-c0-9]?){300}[a-c0-9 ]{300}[xyz]')],
  'rules of all kinds': [
    ...['phone', 'id_card', 'bank_card', 'email', 'secret'].map((detector) => ({ detector })),
    ...Array.from({ length: 27 }, (_, n) => pattern(`[^b]{1,${900 + n}}[q-r]`)),
  ],
};

const many = (count: number, unit: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => unit(index)).join(',');

const long = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / unit.length));
const call = (args: string, name = 'get_task', meta = '{}') =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","_meta":${meta},"arguments":${args}}}`;

export function messageOf(name: string, args: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
}

/** MCP messages that are much work for their length, up to every limit. */
export function keyBodies(env: Env): [string, string][] {
  const most = env.TOOL_ARGUMENTS_MAX_VALUES - 10;
  const texts = env.TOOL_ARGUMENTS_MAX_BYTES - 2000;
  const argumentsOf: [string, string][] = [
    ['names', `{${many(most, (index) => `"a${index}":1`)}}`],
    ['names in an object', `{"task_id":{${many(most, (index) => `"a${index}":{}`)}}}`],
    ['a list of texts', `{"task_id":[${many(most, () => '"x"')}]}`],
    ['a list of lists', `{"task_id":[${many(most, () => '[]')}]}`],
    ['names with NUL', `{${many(most, (index) => `"\\u0000${index}":"\\u0000"`)}}`],
    ['names of secrets', `{"task_id":[${many(most / 2, () => '{"password":1}')}]}`],
    ['a prototype', `{"__proto__":{},"task_id":[${many(most - 5, () => '{}')}]}`],
    ['too many values', `{"task_id":[${many(most + 20, () => '1')}]}`],
    ['a long text', `{"task_id":"${long('x', texts)}"}`],
    ['a long text of backslashes', `{"task_id":"${long('\\\\', texts)}"}`],
    ['a long name', `{"${long('x', texts)}":1}`],
    ['JSON in a text', `{"task_id":${JSON.stringify(`[${many(texts / 10, () => '{"a":1}')}]`)}}`],
    ['secrets in a text', `{"task_id":"${long('token eyJaaaaaaaa.', texts)}"}`],
  ];
  const whole = env.MCP_BODY_MAX_BYTES - 200;
  const bodies: [string, string][] = [
    ...argumentsOf.map(([name, args]): [string, string] => [`get_task with ${name}`, call(args)]),
    ...argumentsOf.map(([name, args]): [string, string] => [
      `read_result with ${name}`,
      call(args, 'no_such_tool'),
    ]),
    ...argumentsOf.map(([name, args]): [string, string] => [
      `get_task with ${name} and progress`,
      call(args, 'get_task', '{"progressToken":1}'),
    ]),
    ['a batch', `[${many(50, () => call(`{"task_id":[${many(most / 50, () => '1')}]}`))}]`],
    ['nothing but lists', `[${long('[],', whole)}[]]`],
    ['a long text', `{"jsonrpc":"2.0","id":1,"method":"${long('x', whole)}"}`],
    ['a long id', `{"jsonrpc":"2.0","id":"${long('x', whole)}","method":"ping"}`],
    [
      'names of params',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{${many(most, (index) => `"a${index}":1`)}}}`,
    ],
    [
      'names of a message',
      `{"jsonrpc":"2.0","id":1,"method":"ping",${many(most, (index) => `"a${index}":1`)}}`,
    ],
    ['names of _meta', call('{}', 'get_task', `{${many(most, (index) => `"a${index}":1`)}}`)],
    ['a response', `{"jsonrpc":"2.0","id":1,"result":{${many(most, (index) => `"a${index}":[]`)}}}`],
    [
      'capabilities',
      `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"a","version":"1"},"capabilities":{"experimental":{${many(most, (index) => `"a${index}":{}`)}}}}}`,
    ],
    ['a cursor', `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"${long('a', whole)}"}}`],
    ['not JSON', long('[', whole)],
    ['no end of a text', `"${long('\\"', whole)}`],
  ];
  return bodies;
}

/** Arguments that are much work for a schema. */
export function schemaArguments(env: Env): [string, string][] {
  const most = env.TOOL_ARGUMENTS_MAX_VALUES - 10;
  const text = 'ab'.repeat(450_000);
  return [
    ['texts', `[${many(most, () => '"choice 18999"')}]`],
    ['long texts', `[${many(400, () => `"${'ab'.repeat(1000)}"`)}]`],
    ['addresses', `[${many(250, (n) => `"http://${'a.'.repeat(1900)}${n}"`)}]`],
    ['objects', `[${many(most / 3, (n) => `{"n":${n},"m":${n}}`)}]`],
    ['objects with a last property', `[${many(most / 3, () => '{"p399":1,"p398":1}')}]`],
    ['one long text', `"${text}"`],
    ['names', `{${many(most, (n) => `"abcdefghijklmnopq${n}":1`)}}`],
    ['long names', `{${many(400, (n) => `"${'ab'.repeat(1000)}${n}":1`)}}`],
    ['objects in objects', `${'{"a":'.repeat(60)}{"b":1}${'}'.repeat(60)}`],
    ['lists in lists', `${'[1,'.repeat(30)}1${']'.repeat(30)}`],
  ];
}

/** Messages for a connection that stands. */
export function standingTexts(env: Env): [string, string][] {
  const most = env.TOOL_ARGUMENTS_MAX_VALUES - 10;
  const whole = env.MCP_BODY_MAX_BYTES - 300;
  return [
    ['names', messageOf('loop_unique', `{${many(most, (n) => `"a${n}":1`)}}`)],
    ['a list', messageOf('loop_unique', `{"a":[${many(most, (n) => String(n))}]}`)],
    ['a batch', `[${many(50, () => messageOf('loop_rows', '{"count":1}'))}]`],
    ['a large result', messageOf('loop_rows', '{"count":8000}')],
    ['the longest result', messageOf('loop_escapes', `{"count":${Math.floor((2_097_152 - 600) / 15) * 8}}`)],
    ['the largest list', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'],
    ['a long id', `{"jsonrpc":"2.0","id":"${'x'.repeat(whole)}","method":"ping"}`],
    ['a long method', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(whole)}"}`],
    ['nothing but lists', `[${'[],'.repeat(whole / 3)}[]]`],
    ['not JSON', '['.repeat(whole)],
  ];
}
