import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { HANG_MS } from '../support/waiting.js';
import { nodesOf, parsed, ROOT } from './imports.js';

/** Where time itself is what is tried, and why. */
const WAITS_FOR_TIME: Readonly<Record<string, string>> = {
  'src/platform/replicas/resource-meter.spec.ts':
    'the histogram of the event loop is made of the ticks of a timer',
  'test/call-logs/call-log.e2e-spec.ts': 'a write older than a second vouches for nothing',
  'test/faults/chaos/registrations.e2e-spec.ts': 'the database is away for so long',
  'test/faults/kill.e2e-spec.ts': 'each round dies in another moment of a batch',
  'test/jobs/jobs.e2e-spec.ts': 'a job lasts a moment, so that those beside it are seen',
};
/** Look again and again, or last for the time that a fault lasts. */
const TOOLS = ['test/support/', 'test/faults/chaos/', 'test/fixtures/'];

/** Limits in milliseconds that are no wait of a test. */
const OTHER_LIMITS: Readonly<Record<string, string>> = {
  'test/faults/chaos/scenarios/malformed.ts: PATIENCE_MS':
    'a server may rightly wait for the rest of a request',
  'test/faults/chaos/stage.ts: BODY_LIMIT_MS': 'a setting of the service',
  'test/faults/database-away.e2e-spec.ts: CONNECT_LIMIT_MS':
    'given to what is tried, which must keep it by giving up',
  'test/faults/event-loop.e2e-spec.ts: ADMIN_LIMIT_MS': 'of processor time, by a calibrated meter',
  'test/faults/event-loop.e2e-spec.ts: LIMIT_MS': 'of processor time, by a calibrated meter',
  'test/groups/changes-in-force.e2e-spec.ts: CHANGE_WAIT_MS': 'a setting of the servers',
};

const files = ['test', 'src']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll('\\', '/')}`,
    ),
  )
  .filter((file) => (file.startsWith('test/') ? file.endsWith('.ts') : file.endsWith('.spec.ts')))
  .filter((file) => !file.startsWith('test/house/'))
  .toSorted();
const trees = () =>
  files.map((file) => [file, parsed(file, readFileSync(join(ROOT, file), 'utf8'))] as const);

describe('a test', () => {
  it('waits for what it waits for, not for time', () => {
    const waiting = trees()
      .filter(([, source]) => waitsOf(source).length > 0)
      .map(([file]) => file);
    const inSpecs = waiting.filter(
      (file) => WAITS_FOR_TIME[file] || !TOOLS.some((folder) => file.startsWith(folder)),
    );
    expect(inSpecs).toEqual(Object.keys(WAITS_FOR_TIME));
  });

  it.each([
    "import { setTimeout as sleep } from 'node:timers/promises'; await sleep(500);",
    "import { setTimeout } from 'timers/promises'; while (!a) await setTimeout(500);",
    "import * as timers from 'node:timers/promises'; await timers.setTimeout(500);",
    "import { scheduler } from 'node:timers/promises'; await scheduler.wait(500);",
    "const { setTimeout: sleep } = await import('node:timers/promises'); await sleep(5);",
    'await new Promise((r) => setTimeout(r, 500));',
    'const ticks = (ms: number) => new Promise<void>((go) => { setTimeout(() => go(), ms); });',
    'while (!isSo) await new Promise((r) => globalThis.setTimeout(r, 500));',
    'const { promise, resolve } = Promise.withResolvers(); setTimeout(resolve, 5); await promise;',
    'await promisify(setTimeout)(500);',
    'Atomics.wait(cell, 0, 0, 500);',
  ])('would be seen to wait for time: %s', (text) => {
    expect(waitsOf(parsed('x.ts', text))).not.toEqual([]);
  });

  it.each([
    'await new Promise((_, fail) => { const limit = setTimeout(() => fail(new Error()), HANG_MS); });',
    "import { setImmediate } from 'node:timers/promises'; await setImmediate();",
    'asked.setTimeout(HANG_MS, end);',
  ])('is not seen to wait where it does not: %s', (text) => {
    expect(waitsOf(parsed('x.ts', text))).toEqual([]);
  });

  it('knows a hang by HANG_MS, on the slowest machine too', () => {
    const named = trees().flatMap(([file, source]) =>
      namedLimitsOf(source).map((name) => `${file}: ${name}`),
    );
    expect(named.toSorted()).toEqual(Object.keys(OTHER_LIMITS).toSorted());
    expect(
      trees().flatMap(([file, source]) => testLimitsOf(source).map((text) => `${file}: ${text}`)),
    ).toEqual([]);
  });

  it.each([
    "it('a', async () => {}, 60_000)",
    "it.each([1])('a %s', async () => {}, 120_000)",
    'beforeAll(async () => {}, 90_000)',
    "const SOON_MS = 60_000; it('a', f, SOON_MS)",
    "const SOON_MS = { short: 60_000, full: 600_000 }; it('a', f, SOON_MS[SIZE])",
    "it('a', f, { timeout: 1000 })",
    'jest.setTimeout(1000)',
  ])('would be heard of with a limit that a slow machine reaches: %s', (text) => {
    expect(testLimitsOf(parsed('x.ts', text))).toHaveLength(1);
  });

  it.each(['const LONG_LIMIT_MS = 60_000;', 'const GIVE_UP_MS = 5;', 'const timeoutMs = 100;'])(
    'would be heard of: %s',
    (text) => {
      expect(namedLimitsOf(parsed('x.ts', text))).toHaveLength(1);
    },
  );

  it('measures no time of the clock against a limit of its own', () => {
    expect(
      trees().flatMap(([file, source]) => clockLimitsOf(source).map((text) => `${file}: ${text}`)),
    ).toEqual([]);
    expect(
      clockLimitsOf(parsed('x.ts', 'expect(performance.now() - began).toBeLessThan(5 * LEASE_MS)')),
    ).toHaveLength(1);
    expect(
      clockLimitsOf(parsed('x.ts', 'const tookMs = Date.now() - a; expect(tookMs).toBeLessThan(9)')),
    ).toHaveLength(1);
    expect(clockLimitsOf(parsed('x.ts', 'expect(cpuMs() - began).toBeLessThan(9)'))).toEqual([]);
  });
});

/** Calls that let time pass. */
function waitsOf(source: ts.SourceFile): string[] {
  const delays = new Set<string>();
  const learn = (name: ts.Node, meant: string): void => {
    if (['setTimeout', 'setInterval', 'scheduler', '*'].includes(meant)) delays.add(name.getText());
  };
  nodesOf(source, (node) => {
    if (
      ts.isImportDeclaration(node) &&
      /^['"](?:node:)?timers\/promises['"]$/.test(node.moduleSpecifier.getText())
    ) {
      const { name, namedBindings } = node.importClause ?? {};
      if (name) learn(name, '*');
      if (namedBindings && ts.isNamespaceImport(namedBindings)) learn(namedBindings.name, '*');
      if (namedBindings && ts.isNamedImports(namedBindings))
        for (const one of namedBindings.elements) learn(one.name, (one.propertyName ?? one.name).text);
    }
    if (
      ts.isVariableDeclaration(node) &&
      /\(['"](?:node:)?timers\/promises['"]\)/.test(node.initializer?.getText() ?? '')
    ) {
      if (ts.isIdentifier(node.name)) learn(node.name, '*');
      if (ts.isObjectBindingPattern(node.name))
        for (const one of node.name.elements) learn(one.name, (one.propertyName ?? one.name).getText());
    }
    return false;
  });
  return nodesOf(source, (node) => {
    if (!ts.isCallExpression(node)) return false;
    const called = node.expression.getText();
    if (delays.has(called)) return true;
    if (/^\w+\.(?:setTimeout|setInterval|wait)$/.test(called) && delays.has(called.split('.')[0]))
      return true;
    if (
      called === 'Atomics.wait' ||
      (called === 'promisify' && node.arguments[0]?.getText() === 'setTimeout')
    )
      return true;
    if (!/^(?:globalThis\.)?setTimeout$/.test(called)) return false;
    const [work, time] = node.arguments;
    if (/\bHANG_MS\b/.test(time?.getText() ?? '')) return false;
    const isInPromise = ts.findAncestor(
      node,
      (one) => ts.isNewExpression(one) && one.expression.getText() === 'Promise',
    );
    return isInPromise !== undefined || /\bresolve\b/.test(work?.getText() ?? '');
  });
}

/** Names of numbers that say how long a test has patience. */
function namedLimitsOf(source: ts.SourceFile): string[] {
  const found: string[] = [];
  nodesOf(source, (node) => {
    const isNamed =
      ts.isVariableDeclaration(node) &&
      /(?:WAIT|HANG|PATIENCE|GIVE_UP|LIMIT|TIMEOUT|DEADLINE)_MS$|^(?:timeout|limit|patience|deadline)Ms$/.test(
        node.name.getText(),
      );
    if (isNamed && node.initializer && shortest(node.initializer) < HANG_MS) found.push(node.name.getText());
    return false;
  });
  return found;
}

/** Limits of tests and hooks below {@link HANG_MS}. */
function testLimitsOf(source: ts.SourceFile): string[] {
  return nodesOf(source, (node) => {
    if (!ts.isCallExpression(node)) return false;
    const called = node.expression.getText();
    if (called === 'jest.setTimeout') return shortest(node.arguments[0]) < HANG_MS;
    const isTest = /^(?:it|test)\b/.test(called) && !called.endsWith('.each');
    const isHook = /^(?:before|after)(?:All|Each)$/.test(called);
    const limit = isTest ? node.arguments[2] : isHook ? node.arguments[1] : undefined;
    return limit !== undefined && shortest(limit) < HANG_MS;
  });
}

/** The smallest number in an expression, with the constants of its file put in; Infinity: there is none. */
function shortest(node: ts.Node | undefined): number {
  if (!node) return Infinity;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isElementAccessExpression(node)) return shortest(node.expression);
  if (ts.isIdentifier(node)) {
    let least = Infinity;
    nodesOf(node.getSourceFile(), (one) => {
      const isMeant =
        ts.isVariableDeclaration(one) && one.name.getText() === node.text && one !== node.parent;
      if (isMeant) least = Math.min(least, shortest(one.initializer));
      return false;
    });
    return least;
  }
  if (
    !ts.isObjectLiteralExpression(node) &&
    !ts.isPropertyAssignment(node) &&
    !ts.isAsExpression(node) &&
    !ts.isElementAccessExpression(node)
  )
    return Infinity;
  let least = Infinity;
  node.forEachChild((child) => {
    if (!ts.isPropertyName(child) || ts.isNumericLiteral(child)) least = Math.min(least, shortest(child));
  });
  return least;
}

/** Expectations that a stretch of the clock is short. */
function clockLimitsOf(source: ts.SourceFile): string[] {
  const stretches = new Set<string>();
  const says = (text: string) => /\b(?:performance|Date)\.now\(\) - /.test(text);
  nodesOf(source, (node) => {
    const isStretch =
      ts.isVariableDeclaration(node) &&
      node.initializer &&
      /^\(?(?:performance|Date)\.now\(\) - /.test(node.initializer.getText());
    if (isStretch) stretches.add(node.name.getText());
    return false;
  });
  return nodesOf(source, (node) => {
    if (!ts.isCallExpression(node)) return false;
    const [, given] = /^expect\(([\s\S]*)\)\.toBeLessThan(?:OrEqual)?$/.exec(node.expression.getText()) ?? [];
    return given !== undefined && (says(given) || stretches.has(given));
  });
}
