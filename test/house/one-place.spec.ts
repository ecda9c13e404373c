import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ADVISORY_LOCKS } from '../../src/platform/database/advisory-locks.js';
import { generatePersonalToken } from '../../src/auth/sign-in/personal-token-format.js';
import { generateKey } from '../../src/groups/keys/key-format.js';
import { newSigningSecret } from '../../src/messaging/channels/webhook-signature.js';
import { SECRET_FIELDS } from '../../src/platform/logger.js';
import { redactText, replaceSecrets, toLogJson } from '../../src/platform/secrets/redact.js';
import { SECRET_PREFIXES, type SecretKind } from '../../src/platform/secrets/secret-shapes.js';
import { readSource, ROOT, sourceFiles } from './imports.js';

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
    expect(found).toEqual(IN_COOKIES);
  });

  it('nothing is removed by a time that may have leapt: `trusted_now()` says it', () => {
    const removing = /DELETE FROM[^`]*?(?:_at|_until|since) *<=? *(?:now|clock_timestamp)\(\)/i;
    const found = sourceFiles().filter((file) => removing.test(readSource(file)));
    expect(found).toEqual(['platform/replicas/change-bus.ts']); // a replica that lives says so again
  });
});

/** Set in one request and looked at in another one, perhaps on another machine. */
const IN_COOKIES = ['auth/oidc/oidc-flow.ts: until > Date.now()'];

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

describe('{{variables}} of texts', () => {
  it('are read in one place', () => {
    expect(filesThatSay(/\\\{\\\{/, 'platform/text-variables.ts')).toEqual([]);
  });
});

describe('a line of the log', () => {
  it('has no field that is always blanked: its writer meant it to be read', () => {
    expect(blankedFieldsIn('x.ts', "this.logger.warn({ message: 'A job failed', id, detail })")).toEqual([
      'x.ts: detail',
    ]);
    expect(sourceFiles().flatMap((file) => blankedFieldsIn(file, readSource(file)))).toEqual([]);
  });
});

/** Fields of the objects that are logged whose names the logger blanks out. */
function blankedFieldsIn(file: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isLine = ts.isCallExpression(node) && /\blogger\.\w+$/i.test(node.expression.getText());
    for (const object of isLine ? node.arguments.filter(ts.isObjectLiteralExpression) : [])
      for (const { name } of object.properties)
        if (name && SECRET_FIELDS.includes(name.getText())) found.push(`${file}: ${name.getText()}`);
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

describe('failures of tools', () => {
  const tools = new Set(
    sourceFiles()
      .filter((file) => file.endsWith('.tools.ts'))
      .flatMap((file) => [...readSource(file).matchAll(/@McpTool\(\{\s*name: '?(\w+)'?/g)])
      .map(([, name]) => (name === 'READ_RESULT' ? 'read_result' : name)),
  );

  it('name other tools by a hint only, which is left out where the group lacks that tool', () => {
    const found = (text: string) => toolsNamedIn('x.ts', text, tools);
    expect(found("throw new NotFoundError('No user. Use search_users')")).toHaveLength(1);
    expect(found("wrongField('a', `Give ${b}, list_tasks has it`)")).toHaveLength(1);
    expect(found("const hint = { tool: 'get_task', how: 'to find it, or list_tasks' }")).toHaveLength(1);
    expect(found("const hint = { tool: 'get_tusk', how: 'to find it' }")).toHaveLength(1);
    expect(found("throw new NotFoundError('No user', { hint: { tool: 'get_task', how: 'now' } })")).toEqual(
      [],
    );
    expect(tools.size).toBeGreaterThan(13);
    expect(sourceFiles().flatMap((file) => toolsNamedIn(file, readSource(file), tools))).toEqual([]);
  });
});

/** Texts of failures that name a tool, and hints that name one too many or one that there is not. */
function toolsNamedIn(file: string, text: string, tools: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const namesOne = (said: string) => said.split(/\W+/).some((word) => tools.has(word));
  const memberOf = (node: ts.ObjectLiteralExpression, name: string) =>
    node.properties.filter(ts.isPropertyAssignment).find((member) => member.name.getText() === name)
      ?.initializer;
  const visit = (node: ts.Node, isFailure: boolean): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const [tool, how] = [memberOf(node, 'tool'), memberOf(node, 'how')];
      if (tool && how && ts.isStringLiteral(tool)) {
        if (!tools.has(tool.text) || namesOne(how.getText())) found.push(`${file}: ${node.getText()}`);
        return;
      }
    }
    const isText =
      ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isFailure && isText && namesOne(node.text)) found.push(`${file}: ${node.getText()}`);
    const begins =
      (ts.isNewExpression(node) && node.expression.getText().endsWith('Error')) ||
      (ts.isCallExpression(node) &&
        /^(?:wrongField|(?:required|optional)Uuid|failure|refusal)$/.test(node.expression.getText()));
    node.forEachChild((child) => visit(child, isFailure || begins));
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), false);
  return found;
}

describe('Host and Origin of requests', () => {
  it('are checked in one place', () => {
    const place = 'platform/network/allowed-sites.ts';
    const names = ['platform/config.ts', 'operations/doctor/service-checks.ts'];
    expect(filesThatSay(/allowed(Hosts|Origins)\b|validate(Host|Origin)Header/, place, ...names)).toEqual([]);
  });
});

describe('ids', () => {
  it('are made by newId', () => {
    expect(
      filesThatSay(/\bv\d\b[^;]*from 'uuid'|gen_random_uuid|uuidv7\(/, 'operations/doctor/trials.ts'),
    ).toEqual([]);
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
  it.each([
    ['messages', /(?:insert|into|save|upsert)\(\s*Message\b|INTO "?messages\b/, 'crm/conversation-writer.ts'],
    ['alerts', /(?:insert|into|save|upsert)\(\s*Alert\b|INTO "?alerts\b/, 'messaging/alerts/admin-alerts.ts'],
    [
      'live events',
      /(?:insert|into|save|upsert)\(\s*LiveEvent\b|INTO "?live_events\b/,
      'messaging/live/live-events.ts',
    ],
  ])('%s', (_what, pattern, place) => {
    expect(filesThatSay(pattern, place)).toEqual([]);
    expect(readSource(place)).toMatch(pattern);
  });
});

describe('small things', () => {
  it.each([
    [
      'the message of an error',
      /instanceof Error\s*\?\s*\w+\.message\s*:|instanceof Error\)\s*\?\s*String\(/,
      'platform/errors.ts',
    ],
    [
      'the hash of a secret',
      /function hashOf\(|createHash\([^)]*\)\s*\.update\(\w*(?:secret|token|password|code)\b/i,
      'platform/secrets/secure-token.ts',
    ],
    ['the tenant of a command line', /no tenant \$\{name\}/, 'boot/commands/tenant-of-command.ts'],
  ])('are written once: %s', (_what, pattern, place) => {
    expect(filesThatSay(pattern, place)).toEqual([]);
    expect(readSource(place)).toMatch(pattern);
  });
});
