import ts from 'typescript';

/** What stands in a statement for a part that is put in at run time. */
export const PUT_IN = '?';

/** One table in a statement: what is done with it, and its name or `?`. */
export type Touched = { readonly does: 'adds' | 'changes' | 'reads'; readonly table: string };

/** A whole statement may be in small letters; of anything else those are words of a sentence. */
const STATEMENT =
  /^\s*\(?(?:select|insert into|update (?:only )?"?[\w.?]+"?(?:\."?\w+"?)?(?: as)?(?: \w+)? set|delete from|merge into|truncate|copy|explain|values|with (?:recursive )?\w+)\b/i;
const TOKEN =
  /'(?:[^']|'')*'|"((?:[^"]|"")+)"|\$\$|[A-Za-z_]\w*|\?(?:[A-Za-z_]\w*)?|[A-Za-z_]*\?\w*|\d[\w.]*|[^\s\w]/g;
/** Functions whose arguments may hold the word FROM. */
const WITH_FROM = ['SUBSTRING', 'EXTRACT', 'TRIM', 'OVERLAY'];
/** End a list of tables. */
const LIST_ENDS =
  'SELECT WHERE GROUP ORDER HAVING LIMIT OFFSET UNION INTERSECT EXCEPT RETURNING SET VALUES WINDOW FOR WHEN DO ;'.split(
    ' ',
  );
const BEFORE_NO_UPDATE = ['FOR', 'KEY', 'DO', 'ON', 'OR', 'AFTER', 'BEFORE'];
/** Of the shape of a table, not of its rows. */
const BEFORE_NO_TABLE = ['CREATE', 'ALTER', 'DROP', 'TEMP', 'UNLOGGED', 'TRUNCATE', 'ON'];

/** Reads which tables a statement, or a part of one, adds to, changes and reads. Names of its own parts are left out. */
export function tablesOfSql(sql: string): Touched[] {
  const text = withoutComments(sql);
  const tokens = [...text.matchAll(TOKEN)].map(([token, quoted]) => ({ word: quoted ?? token, quoted }));
  const isStatement = STATEMENT.test(text);
  /** The key word at a place; a word in small letters is one only in a whole statement. */
  const at = (place: number): string => {
    const token = tokens.at(place < 0 ? tokens.length : place);
    if (token === undefined || token.quoted !== undefined) return '';
    const { word } = token;
    return isStatement || word === word.toUpperCase() ? word.toUpperCase() : '';
  };
  const own = ownParts(tokens, at);
  const found: Touched[] = [];
  const take = (does: Touched['does'], start: number): void => {
    let place = start;
    while (['ONLY', 'LATERAL', 'TABLE', '('].includes(at(place))) place++;
    if (tokens[place]?.word === 'public' && tokens[place + 1]?.word === '.') place += 2;
    const [table, after] = [tokens[place]?.word, tokens[place + 1]?.word];
    if (after === '.') return; // of another schema
    if (does === 'reads' && after === '(') return; // what a function makes
    if (table === PUT_IN && after === ')' && tokens[place - 1]?.word === '(') return; // a statement: seen where it stands
    const isOwn = does === 'reads' && own.some((part) => part.name === table && !part.holds(place));
    if (table !== undefined && !isOwn) found.push({ does, table });
  };
  const open = [{ fn: '', list: undefined as Touched['does'] | undefined }];
  for (const place of tokens.keys()) {
    const [word, next, before] = [at(place), at(place + 1), at(place - 1)];
    const here = open.at(-1)!;
    if (tokens[place].word === '(') open.push({ fn: before, list: undefined });
    else if (tokens[place].word === ')') {
      if (open.length > 1) open.pop();
    } else if (tokens[place].word === ',') {
      if (here.list) take(here.list, place + 1);
    } else if (LIST_ENDS.includes(word)) here.list = undefined;
    else if (['INSERT', 'MERGE'].includes(word) && next === 'INTO') take('adds', place + 2);
    else if (word === 'UPDATE' && !BEFORE_NO_UPDATE.includes(before)) take('changes', place + 1);
    else if (word === 'DELETE' && next === 'FROM') take('changes', place + 2);
    else if (word === 'TRUNCATE') {
      here.list = 'changes';
      take('changes', place + 1);
    } else if (word === 'COPY') {
      const isIn = tokens.some(
        (_token, later) => later > place && at(later) === 'FROM' && at(later + 1) === 'STDIN',
      );
      if (tokens[place + 1]?.word !== '(') take(isIn ? 'adds' : 'reads', place + 1);
    } else if (word === 'TABLE' && !BEFORE_NO_TABLE.includes(before)) take('reads', place + 1);
    else if (['FROM', 'JOIN', 'USING'].includes(word)) {
      if (word === 'FROM' && (WITH_FROM.includes(here.fn) || ['DISTINCT', 'DELETE'].includes(before)))
        continue;
      if (word === 'FROM' && next === 'STDIN') continue;
      if (word === 'USING' && next === '(') continue; // columns of a join
      here.list = 'reads';
      take('reads', place + 1);
    }
  }
  return found;
}

/** Names that a statement gives to parts of its own, and where each part stands: in it, the name is that of a table. */
function ownParts(tokens: readonly { readonly word: string }[], at: (place: number) => string) {
  const isRecursive = tokens.some((_token, place) => at(place) === 'RECURSIVE');
  return [...tokens.keys()].flatMap((place) => {
    if (at(place) !== 'AS') return [];
    let begin = place + 1;
    while (['NOT', 'MATERIALIZED'].includes(at(begin))) begin++;
    if (tokens[begin]?.word !== '(') return [];
    const end = endOf(tokens, begin);
    const before = tokens[place - 1]?.word === ')' ? beginOf(tokens, place - 1) - 1 : place - 1;
    const name = tokens[before]?.word ?? '';
    return [{ name, holds: (one: number) => !isRecursive && one > begin && one < end }];
  });
}

function endOf(tokens: readonly { readonly word: string }[], begin: number): number {
  let depth = 0;
  for (let place = begin; place < tokens.length; place++) {
    if (tokens[place].word === '(') depth++;
    if (tokens[place].word === ')' && --depth === 0) return place;
  }
  return tokens.length;
}

function beginOf(tokens: readonly { readonly word: string }[], end: number): number {
  let depth = 0;
  for (let place = end; place >= 0; place--) {
    if (tokens[place].word === ')') depth++;
    if (tokens[place].word === '(' && --depth === 0) return place;
  }
  return 0;
}

function withoutComments(sql: string): string {
  return sql.replaceAll(/\/\*[\s\S]*?\*\//g, ' ').replaceAll(/(^|\s)--\s[^\n]*/g, '$1');
}

/** Reads the texts of a file, each whole: added strings are one, a constant of the file is put in, and `?` stands for what else is. */
export function textsIn(source: ts.SourceFile): string[] {
  const constants = new Map<string, ts.Expression | undefined>();
  const collect = (node: ts.Node): void => {
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.parent.flags & ts.NodeFlags.Const
    ) {
      const { text } = node.name;
      // Of two of one name nobody knows which is meant.
      constants.set(text, constants.has(text) ? undefined : node.initializer);
    }
    node.forEachChild(collect);
  };
  collect(source);
  const textOf = (node: ts.Expression): string => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return textOf(node.expression);
    if (isSum(node)) return textOf(node.left) + textOf(node.right);
    const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
    if (constant && isText(constant))
      return ts.findAncestor(node, (one) => one === constant) ? PUT_IN : textOf(constant);
    if (!ts.isTemplateExpression(node)) return PUT_IN;
    return node.templateSpans.reduce(
      (sum, { expression, literal }) => sum + textOf(expression) + literal.text,
      node.head.text,
    );
  };
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node)) found.push(textOf(node as ts.Expression));
    if (isSum(node)) {
      for (const part of partsOf(node)) if (!isText(part)) visit(part);
    } else node.forEachChild(visit);
  };
  visit(source);
  return found;
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

function partsOf(node: ts.Expression): ts.Expression[] {
  return isSum(node) ? [...partsOf(node.left), ...partsOf(node.right)] : [node];
}

function isText(node: ts.Node): boolean {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateExpression(node) ||
    (isSum(node) && partsOf(node).some(isText))
  );
}
