import { readFileSync } from 'node:fs';
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { join } from 'node:path';
import ts from 'typescript';
import { waitForAddresses } from '../../src/platform/network/wait-for-addresses.js';
import { ROOT, sourceFiles } from './imports.js';

/** The one place that connects to addresses which somebody gave us. */
const GUARD = 'platform/network/guarded-http.ts';
/** What it connects by: tries all addresses of a host. */
const SOCKETS = 'platform/network/connect-first.ts';
/** At addresses that only the operator gives, the installation that is attacked and the syslog server; and at a worker's own door. */
const EXEMPT = [
  'boot/workers/sibling-connections.ts',
  'operations/isolation/http.ts',
  'operations/isolation/mcp-attack.ts',
  'call-logs/forwarding/syslog.ts',
];
/** Libraries that are handed a socket which the guard opened. */
const OVER_ITS_SOCKETS = ['platform/network/guarded-fetch.ts', 'sources/upstreams/websocket-transport.ts'];

/** Names that open a connection, by the module they come from. */
const CONNECTING: Readonly<Record<string, readonly string[]>> = {
  'node:http': ['request', 'get', 'Agent', 'ClientRequest'],
  'node:https': ['request', 'get', 'Agent'],
  'node:http2': ['connect'],
  'node:net': ['connect', 'createConnection', 'Socket'],
  'node:tls': ['connect', 'TLSSocket'],
  'node:dgram': ['createSocket'],
  undici: ['*'],
  axios: ['*'],
};
/** Methods of libraries that would connect by themselves. */
const CONNECTING_METHODS = ['sendNotification'];

describe('outgoing connections', () => {
  it('go out through the guarded client only', () => {
    const found = sourceFiles()
      .filter((file) => ![GUARD, SOCKETS, ...EXEMPT, ...OVER_ITS_SOCKETS].includes(file))
      .flatMap((file) => connectionsOf(file, readFileSync(join(ROOT, 'src', file), 'utf8')));
    expect(found).toEqual([]);
  });

  it('are all begun where every address of a host gets its chance', () => {
    const direct = sourceFiles().filter((file) =>
      connectionsOf(file, readFileSync(join(ROOT, 'src', file), 'utf8')).some((found) =>
        / node:net:/.test(found),
      ),
    );
    expect(direct).toEqual([SOCKETS]);
  });

  it('of libraries give each address two seconds: both entrances say so', () => {
    const before = getDefaultAutoSelectFamilyAttemptTimeout();
    waitForAddresses();
    expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBe(2000);
    setDefaultAutoSelectFamilyAttemptTimeout(before);
    for (const entrance of ['main.ts', 'cli.ts'])
      expect(readFileSync(join(ROOT, 'src', entrance), 'utf8')).toMatch(/^waitForAddresses\(\);$/m);
  });

  it.each([
    `import { request } from 'node:https';\nrequest('https://x');`,
    `import * as http from 'node:http';\nhttp.get('http://x');`,
    `import net, { connect as dial } from 'node:net';\ndial(80);`,
    `await fetch('https://x');`,
    `await globalThis.fetch('https://x');`,
    `const { fetch: go } = globalThis;`,
    `new WebSocket('wss://x');`,
  ])('would be found: %s', (text) => {
    expect(connectionsOf('x.ts', text)).not.toEqual([]);
  });

  it.each([`this.fetch(1);`, `import type { Socket } from 'node:net';`, `import { isIP } from 'node:net';`])(
    'are not seen where there are none: %s',
    (text) => {
      expect(connectionsOf('x.ts', text)).toEqual([]);
    },
  );
});

function connectionsOf(name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const say = (node: ts.Node, what: string) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${name}:${line + 1} connects by ${what}: use ${GUARD}, which knows where we may connect to`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) for (const what of connectingNames(node)) say(node, what);
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'fetch')
      say(node, 'fetch');
    if (ts.isIdentifier(node) && node.text === 'globalThis' && /\bfetch\b/.test(node.parent.parent.getText()))
      say(node, 'globalThis.fetch');
    if (ts.isNewExpression(node) && ['WebSocket', 'EventSource'].includes(node.expression.getText()))
      say(node, node.expression.getText());
    if (ts.isPropertyAccessExpression(node) && CONNECTING_METHODS.includes(node.name.text))
      say(node, node.name.text);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** What an import brings that opens connections. A whole module brings all of it. */
function connectingNames({ moduleSpecifier, importClause }: ts.ImportDeclaration): string[] {
  const module = (moduleSpecifier as ts.StringLiteral).text;
  const names = CONNECTING[module];
  if (!names || !importClause || importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  const { name, namedBindings } = importClause;
  const isWhole = name !== undefined || (namedBindings !== undefined && ts.isNamespaceImport(namedBindings));
  if (isWhole || names.includes('*')) return [`all of ${module}`];
  const elements = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
  return elements
    .filter((element) => !element.isTypeOnly && names.includes((element.propertyName ?? element.name).text))
    .map((element) => `${(element.propertyName ?? element.name).text} of ${module}`);
}
