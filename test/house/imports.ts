import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

export const ROOT = resolve(__dirname, '../..');
const SRC = join(ROOT, 'src');

/** The rooms of `src` in their order, lowest first. */
export const ROOMS = JSON.parse(readFileSync(join(SRC, 'rooms.json'), 'utf8')) as readonly string[];

/** Files beside the rooms. They put the service together, so they rank with the last room. */
export const OUTSIDE_ROOMS = ['app.module.ts', 'cli.ts', 'main.ts'];

/** One file that imports another; both are paths below `src`. */
export type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

/** Every file of `src` but specs, as a path below it. */
export const sourceFiles = () => filesOfSrc().filter((file) => !file.endsWith('.spec.ts'));

/** Every file of `src`, specs beside the sources included, as a path below it. */
export function filesOfSrc(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .toSorted();
}

/** The text of a file, by its path below `src`. */
export const readSource = (path: string) => readFileSync(join(SRC, path), 'utf8');

const trees = new Map<string, ts.SourceFile>();

/** The syntax tree of a file, kept for the next guard that asks. */
export function parsed(file: string, text = readSource(file)): ts.SourceFile {
  const kept = trees.get(file);
  if (kept?.text === text) return kept;
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  trees.set(file, tree);
  return tree;
}

/** Places of `src`, but the files for it, where a guard finds something. */
export const placesOf = (find: (source: ts.SourceFile) => string[], ...places: readonly string[]) =>
  sourceFiles()
    .filter((file) => !places.includes(file))
    .flatMap((file) => find(parsed(file)).map((text) => `${file}: ${text}`));

/** The texts of the nodes that are sought. */
export function nodesOf(source: ts.SourceFile, isSought: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isSought(node)) found.push(node.getText());
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** Every entry of `src` itself: rooms, files, and whatever should not be there. */
export function entriesOfSrc(): { rooms: string[]; files: string[] } {
  const entries = readdirSync(SRC, { withFileTypes: true });
  return {
    rooms: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    files: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
  };
}

/** The room of a path below `src`. */
export const roomOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'boot');

/**
 * Reads what each file imports of `src`: by `import`, `export … from`, `import()`, types included, and by
 * `new URL('./…', import.meta.url)`, which is how a file that runs in a thread or a process of its own is named.
 */
export function importsOf(files: readonly string[], read = readSource): Import[] {
  return files.flatMap((from) => {
    return specifiersOf(from, read(from))
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier, typeOnly }) => {
        const target = resolve(SRC, dirname(from), specifier).replace(/\.js$/, '.ts');
        return { from, to: relative(SRC, target), typeOnly };
      })
      .filter(({ to }) => !to.startsWith('..'));
  });
}

/** What a file names outside `src`, as a path from the root. */
export function outsideOf(from: string, text = readSource(from)): string[] {
  return specifiersOf(from, text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => relative(ROOT, resolve(SRC, dirname(from), specifier)))
    .filter((path) => !path.startsWith('src/'));
}

/** Calls that load a file whose name is made at run time, so that nobody sees which. */
export function computedImportsOf(from: string, text = readSource(from)): string[] {
  return nodesOf(parsed(from, text), (node) => {
    if (ts.isNewExpression(node) && isBesideThisFile(node))
      return !/^['"`]\.{1,2}\//.test(node.arguments![0].getText());
    if (!ts.isCallExpression(node)) return false;
    return isLoading(node) && !(node.arguments[0] && ts.isStringLiteralLike(node.arguments[0]));
  });
}

/** `import()`, `require()`, `require.resolve()`, `createRequire(…)()`, `import.meta.resolve()` and whatever a file calls its `require`. */
function isLoading(node: ts.CallExpression): boolean {
  if (node.expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  const called = node.expression.getText();
  if (/^(?:\w+\.)?createRequire\([\s\S]*\)(?:\.resolve)?$/.test(called)) return true;
  if (/^(?:module\.)?require(?:\.resolve)?$|^import\.meta\.resolve$/.test(called)) return true;
  const name = called.replace(/\.resolve$/, '');
  return new RegExp(
    `\\b${name.replaceAll(/\W/g, String.raw`\$&`)}\\s*=\\s*(?:\\w+\\.)?createRequire\\(`,
  ).test(node.getSourceFile().text);
}

/** Says of an import where it should not lead; undefined where it may. */
export function complaintAbout({ from, to }: Pick<Import, 'from' | 'to'>, rooms = ROOMS): string | undefined {
  const [mine, other] = [roomOf(from), roomOf(to)];
  if (rooms.includes(other) && rooms.indexOf(other) <= rooms.indexOf(mine)) return undefined;
  return `${from} imports ${to}: a room imports only rooms before it. Move what you need down, or take it as a port`;
}

/** What a file names in every way to load another one. */
export function specifiersOf(from: string, text: string) {
  const file = parsed(from, text);
  const found: { specifier: string; typeOnly: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: isTypeOnly(node) });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
    } else if (
      ts.isCallExpression(node) &&
      node.arguments[0] &&
      ts.isStringLiteralLike(node.arguments[0]) &&
      isLoading(node)
    ) {
      found.push({ specifier: node.arguments[0].text, typeOnly: false });
    } else if (ts.isNewExpression(node) && isBesideThisFile(node)) {
      const [path] = node.arguments ?? [];
      if (path && ts.isStringLiteralLike(path)) found.push({ specifier: path.text, typeOnly: false });
      // `./x.${ending}`, which is `ts` where the sources run
      if (path && ts.isTemplateExpression(path))
        found.push({ specifier: path.head.text.replace(/\.$/, '.js'), typeOnly: false });
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      found.push({ specifier: node.argument.literal.text, typeOnly: true });
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** `new URL(…, import.meta.url)`. */
function isBesideThisFile({ expression, arguments: given }: ts.NewExpression): boolean {
  const base = given?.[1];
  return (
    ts.isIdentifier(expression) &&
    expression.text === 'URL' &&
    base !== undefined &&
    ts.isPropertyAccessExpression(base) &&
    ts.isMetaProperty(base.expression)
  );
}

/** `import type`, or an import of which every name is a type. */
function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return (
    !name &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

/** Whether the path below `src` is there. */
export const exists = (path: string) => existsSync(join(SRC, path));
