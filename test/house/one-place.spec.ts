import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ADVISORY_LOCKS } from '../../src/platform/database/advisory-locks.js';
import { generatePersonalToken } from '../../src/auth/sign-in/personal-token-format.js';
import { generateKey } from '../../src/groups/keys/key-format.js';
import { newSigningSecret } from '../../src/messaging/channels/webhook-signature.js';
import { redactText, replaceSecrets, toLogJson } from '../../src/platform/secrets/redact.js';
import { SECRET_PREFIXES, type SecretKind } from '../../src/platform/secrets/secret-shapes.js';
import { nodesOf, parsed, placesOf, readSource, ROOT, sourceFiles } from './imports.js';
import { tablesIn } from './tables.js';

/** Files of `src`, but the one place for it, that say something. */
const filesThatSay = (pattern: RegExp, ...places: readonly string[]) =>
  sourceFiles().filter((file) => !places.includes(file) && pattern.test(readSource(file)));

describe('advisory locks', () => {
  const numbers = Object.values(ADVISORY_LOCKS);

  it('have a number each', () => {
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });

  it('are taken through the one file that names them', () => {
    const place = 'platform/database/advisory-locks.ts';
    expect(filesThatSay(/pg_\w*advisory|7_?210_?\d{3}\b/i, place)).toEqual([]);
  });

  it('that the schema takes are in that file, too', () => {
    const taken = readdirSync(join(ROOT, 'migrations'))
      .map((file) => readFileSync(join(ROOT, 'migrations', file), 'utf8'))
      .flatMap((text) => [...text.matchAll(/pg_advisory\w*\(([^)]*)\)/g)])
      .map(([, key]) => Number(key));
    expect(taken.filter((number) => !new Set<number>(numbers).has(number))).toEqual([]);
    expect(new Set(taken)).toEqual(new Set([ADVISORY_LOCKS.callLogPartitions, ADVISORY_LOCKS.jobClaims]));
  });
});

describe('durations', () => {
  it('are measured by performance.now(): the clock of the day may leap', () => {
    expect(durationsIn('const a = Date.now(); work(); log(Date.now() - a)')).toEqual(['Date.now() - a']);
    expect(durationsIn('const until = Date.now() + 5; while (Date.now() < until);')).toHaveLength(1);
    expect(durationsIn('const x = { at: Date.now() }; if (x.at < Date.now() - 5) end();')).toHaveLength(1);
    expect(durationsIn('if (key.expiresAt < Date.now()) refuse();')).toEqual([]);
    const found = sourceFiles().flatMap((file) =>
      durationsIn(readSource(file)).map((text) => `${file}: ${text}`),
    );
    expect(found).toEqual([]);
  });

  it('nothing is removed by a time that may have leapt: `trusted_now()` says it', () => {
    const removing = /DELETE FROM[^`]*?(?:_at|_until|since) *<=? *(?:now|clock_timestamp)\(\)/i;
    const found = sourceFiles().filter((file) => removing.test(readSource(file)));
    expect(found).toEqual(['platform/replicas/change-bus.ts']); // a replica that lives says so again
    const takenOver = /ON CONFLICT[^`]*?WHERE[^`]*?expires_at *<=? *(?:now|clock_timestamp)\(\)/; // and done a second time
    expect(sourceFiles().filter((file) => takenOver.test(readSource(file)))).toEqual([]);
    const byEntity = /\.delete\([^;]*?(?:LessThan|agreedNow|new Date|Date\.now)/;
    expect(byEntity.test('manager.delete(Token, { userId, expiresAt: LessThan(now) });')).toBe(true);
    expect(sourceFiles().filter((file) => byEntity.test(readSource(file)))).toEqual([]);
  });
});

/** Comparisons and differences of the clock with what the same file has taken from it. */
function durationsIn(text: string): string[] {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const taken = new Set<string>();
  const found: string[] = [];
  const says = (node: ts.Node) => /\bDate\.now\(\)/.test(node.getText());
  const take = (node: ts.Node): void => {
    if ((ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)) && node.initializer)
      if (isTime(node.initializer)) taken.add(node.name.getText());
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
      if (isTime(node.right)) taken.add(/\w+$/.exec(node.left.getText())?.[0] ?? '');
    node.forEachChild(take);
  };
  const look = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && COMPARING.includes(node.operatorToken.kind)) {
      const [one, other] = [node.left, node.right];
      const names = (side: ts.Node) => side.getText().match(/\w+/g) ?? [];
      const isBoth = [
        [one, other],
        [other, one],
      ].some(([a, b]) => says(a) && names(b).some((name) => taken.has(name)));
      if (isBoth) found.push(node.getText());
    }
    node.forEachChild(look);
  };
  take(source);
  look(source);
  return found;
}

/** `Date.now()` itself, or with something added. */
function isTime(node: ts.Expression): boolean {
  return /^Date\.now\(\)(\s*\+[^,]*)?$/.test(node.getText());
}

const COMPARING = [
  ts.SyntaxKind.MinusToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
];

describe('a point in time that somebody outside wrote', () => {
  it('is read in one place, which knows the calendar', () => {
    const places = ['platform/time-text.ts', 'operations/isolation/leaks.ts']; // the latter looks for times in answers
    const pattern =
      /\\d\{4\}\)?-\S*T|\bIs(?:ISO8601|DateString|RFC3339)\b|\bnew Date\((?:text|String\()|\bAs\(\(\) => Date\)/;
    expect(filesThatSay(pattern, ...places)).toEqual([]);
  });
});

const HASHES = /\bcreateHash\b|(?<!\.)\bhash\('sha|subtle\.digest\(/;
/** What is hashed there is no secret: content, records of the chain, numbers that decide a share. */
const OTHER_HASHES = [
  'access/features/rollout.ts',
  'agents/version-choice.ts',
  'call-logs/chain/checkpoint-text.ts',
  'call-logs/chain/record-hash.ts',
  'call-logs/chain/removals.ts',
  'call-logs/chain/signing-key.ts',
  'crm/sample/sample-random.ts',
  'groups/configuration/write-configuration.ts',
  'platform/rest/etag.interceptor.ts',
  'platform/rest/openapi-serving.ts',
  'sources/exposed-name.ts',
  'sources/pinned-definition.ts',
];

describe('the address of a client', () => {
  it('is read in one place, which knows what proxies write', () => {
    const places = ['platform/network/client-address.ts', 'boot/workers/sibling-connections.ts'];
    const pattern = /\bremoteAddress\b|\b(?:request|req)\.ips?\b|x-forwarded-for'\]/i;
    expect(filesThatSay(pattern, ...places)).toEqual([]);
  });
});

describe('connections to PostgreSQL', () => {
  it('are made in one place, which brings their sessions to what we rely on', () => {
    const places = ['platform/database/database-client.ts', 'platform/database/live-pool.ts'];
    expect(filesThatSay(/new (?:pg\.)?(?:Client|Pool)\(|extends (?:Client|Pool)\b/, ...places)).toEqual([]);
    expect(filesThatSay(/^\s*type: 'postgres'/m, 'boot/database/database.ts')).toEqual([]);
  });
});

describe('what leaves as JSON', () => {
  it('to agents and live clients is written by the one that leaves no half of a character', () => {
    const within = [
      'mcp/classification.ts',
      'mcp/exact-number.ts',
      'mcp/lanes/standing-streams.ts',
      'messaging/live/live-events.ts',
    ];
    const found = filesThatSay(/\bJSON\.stringify\b/, ...within);
    expect(found.filter((file) => /^(?:mcp|messaging\/live)\//.test(file))).toEqual([]);
  });
});

describe('{{variables}} of texts', () => {
  it('are read in one place', () => {
    expect(placesOf(readersOfVariables, 'platform/text-variables.ts')).toEqual([]);
  });

  it.each([
    String.raw`text.replaceAll(/{{\s*(\w+)\s*}}/g, '')`,
    String.raw`text.match(/\{{2}\w+/)`,
    String.raw`text.match(/[{]{2}\w+/)`,
    String.raw`new RegExp('\\{\\{' + name)`,
    "text.split('{{')",
    'text.replaceAll(`{{${name}}}`, value)',
    "text.replace('{{name}}', value)",
  ])('are seen to be read: %s', (text) => {
    expect(readersOfVariables(parsed('x.ts', text))).toHaveLength(1);
  });
});

/** Regular expressions with two braces, and calls that look for a text with them. */
function readersOfVariables(source: ts.SourceFile): string[] {
  const isPattern = (text: string) => /(?:\\*\{|\[\{\]){2}|(?:\\\{|\[\{\])\{2\}/.test(text);
  return nodesOf(source, (node) => {
    if (ts.isRegularExpressionLiteral(node)) return isPattern(node.text);
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
    const looks = /(?:\bRegExp|\.(?:split|indexOf|lastIndexOf|replace|replaceAll|match|matchAll|search))$/;
    const [first] = node.arguments ?? [];
    return (
      looks.test(node.expression.getText()) &&
      first?.kind !== ts.SyntaxKind.RegularExpressionLiteral &&
      isPattern(first?.getText() ?? '')
    );
  });
}

describe('Host and Origin of requests', () => {
  it('are checked in one place', () => {
    const place = 'platform/network/allowed-sites.ts';
    const names = ['platform/config.ts', 'operations/doctor/service-checks.ts'];
    expect(filesThatSay(/allowed(Hosts|Origins)\b|validate(Host|Origin)Header/, place, ...names)).toEqual([]);
  });
});

/** All of `uuid` but what reads ids. */
const MAKERS_OF_IDS =
  /import (?!\{ (?:validate|version)(?: as \w+)? \})(?:[^;'"]*from )?['"]uuid['"]|(?:import|require)\(\s*['"`]uuid['"`]|gen_random_uuid|uuid_generate|\buuidv\d *\(/i;

describe('ids', () => {
  it('are made by newId', () => {
    expect(filesThatSay(MAKERS_OF_IDS, 'platform/new-id.ts', 'operations/doctor/trials.ts')).toEqual([]);
  });

  it.each([
    "import { v7 } from 'uuid'",
    "import * as uuid from 'uuid'",
    "import uuid from 'uuid'",
    "import { validate, v4 as any } from 'uuid'",
    "await import('uuid')",
    "require('uuid')",
    "query('SELECT gen_random_uuid()')",
    "query('SELECT uuidv7 ()')",
  ])('are seen to be made: %s', (text) => {
    expect(text).toMatch(MAKERS_OF_IDS);
  });

  it('are random only where one must not be guessed, or must belong to nobody', () => {
    const unguessable = ['platform/replicas/held-id.ts'];
    const namesOfPaths = ['boot/postgres/embedded-binaries.ts', 'boot/postgres/embedded-postgres.ts'];
    const shortReference = ['platform/rest/error.filter.ts'];
    const others = filesThatSay(/randomUUID/, ...unguessable, ...namesOfPaths, ...shortReference);
    expect(others.filter((file) => !file.startsWith('operations/isolation/'))).toEqual([]);
  });
});

describe('secrets that we hand out', () => {
  const make = {
    groupKey: generateKey,
    personalToken: generatePersonalToken,
    webhookSecret: newSigningSecret,
  };

  it.each(Object.keys(SECRET_PREFIXES) as SecretKind[])('are known by their shape: %s', (kind) => {
    const secret = make[kind]();
    expect(secret.startsWith(SECRET_PREFIXES[kind])).toBe(true);
    expect(redactText(`It is ${secret}.`)).toBe('It is [redacted].');
    expect(toLogJson({ note: `line one\n${secret}` }, 1000)).toBe('{"note":"line one\\n[redacted]"}');
    expect(replaceSecrets(JSON.stringify(`line one\n${secret}`), '*')).toBe(String.raw`"line one\n*"`);
  });

  it('are all in the list: nothing else that is random begins with a prefix of its own', () => {
    const place = 'platform/secrets/secret-shapes.ts';
    expect(filesThatSay(new RegExp(`['"](${Object.values(SECRET_PREFIXES).join('|')})['"]`), place)).toEqual(
      [],
    );
    const prefixed = sourceFiles()
      .filter((file) => /randomBytes|randomUUID/.test(readSource(file)))
      .flatMap((file) =>
        [...readSource(file).matchAll(/['"`]([a-z]{2,}_)(?=['"]|\$\{)/g)].map(([, text]) => text),
      );
    // The handle of a kept result opens nothing to another caller.
    expect(prefixed).toEqual(['result_']);
  });
});

describe('what must be told is written by whoever tells it', () => {
  const adding = sourceFiles().flatMap((file) =>
    [...tablesIn(file, readSource(file)).adds].map((table) => ({ file, table })),
  );

  it.each([
    ['messages', 'crm/conversation-writer.ts'],
    ['alerts', 'messaging/alerts/admin-alerts.ts'],
    ['live_events', 'messaging/live/live-events.ts'],
  ])('%s', (told, place) => {
    expect(adding.filter(({ table }) => table === told).map(({ file }) => file)).toEqual([place]);
  });

  it.each([
    'class A { constructor(private readonly messages: Repository<Message>) {} f() { this.messages.insert({}); } }',
    "query('insert into messages (id) values (1)')",
    'query(\'INSERT INTO "public"."messages" (id) VALUES (1)\')',
    'em.save(Message, row)',
    "em.upsert('messages', row, ['id'])",
    'em.createQueryBuilder().insert().into(Message).values(row)',
  ])('is seen to be written: %s', (text) => {
    expect([...tablesIn('crm/x.ts', text).adds]).toEqual(['messages']);
  });
});

describe('small things', () => {
  it.each([
    ['the hash of a secret', HASHES, 'platform/secrets/secure-token.ts'],
    ['the tenant of a command line', /no tenant \$\{name\}/, 'boot/commands/tenant-of-command.ts'],
    ['the origin of a URL', /new URL\([^;]*\)\.origin\b/, 'platform/network/url-origin.ts'],
  ])('are written once: %s', (_what, pattern, place) => {
    expect(filesThatSay(pattern, place, ...OTHER_HASHES)).toEqual([]);
    expect(readSource(place)).toMatch(pattern);
  });

  it('hash what is no secret only where that is known', () => {
    expect(filesThatSay(HASHES, 'platform/secrets/secure-token.ts').toSorted()).toEqual(OTHER_HASHES);
  });

  it.each([
    "const hashOf = (text: string) => createHash('sha256').update(text).digest()",
    "import { createHash as digest } from 'node:crypto'",
    "hash('sha256', secret)",
    "crypto.subtle.digest('SHA-256', bytes)",
  ])('are seen: %s', (text) => {
    expect(text).toMatch(HASHES);
  });
});
