import ts from 'typescript';

/** What TypeORM adds a row by; `save` may change one, too. */
const ADDING = ['insert', 'into', 'save', 'upsert'];
const CHANGING =
  'update delete remove softDelete softRemove recover restore increment decrement clear updateAll deleteAll'.split(
    ' ',
  );
const WRITING = [...ADDING, ...CHANGING];
/** Take rows that know of which entity they are, so that nobody who reads the call does. */
const NAMELESS = ['save', 'remove', 'softRemove', 'recover'];

/** One call that writes rows: of the entity or table of that name, or undefined where the call does not say of which. */
export type EntityWrite = {
  readonly method: string;
  readonly name: string | undefined;
  readonly adds: boolean;
};

/**
 * Reads what a file writes through TypeORM: a manager by whatever name, a repository held in a field, a variable or handed on,
 * and a query builder.
 */
export function entityWritesIn(source: ts.SourceFile, isTarget: (name: string) => boolean): EntityWrite[] {
  const names = new Names(source, isTarget);
  const found: EntityWrite[] = [];
  const visit = (node: ts.Node): void => {
    node.forEachChild(visit);
    const call = callOf(node);
    if (!call || !WRITING.includes(call.method)) return;
    const [first] = call.given;
    const given = first && names.targetOf(first);
    const isBuilt = names.isBuilder(call.on);
    const name = given ?? names.heldBy(call.on) ?? (isBuilt ? names.targetAround(node) : undefined);
    const isManager = names.isManager(call.on);
    if (!name && !isBuilt && !isManager) return;
    if (isBuilt && !name && call.method === 'insert') return; // `into` says it
    found.push({ method: call.method, name, adds: ADDING.includes(call.method) });
  };
  visit(source);
  return found;
}

/** Calls of a manager that write a row without saying of which entity it is. */
export function namelessWritesIn(source: ts.SourceFile, isTarget: (name: string) => boolean): string[] {
  return entityWritesIn(source, isTarget)
    .filter(({ method, name }) => name === undefined && NAMELESS.includes(method))
    .map(({ method }) => method);
}

/** What the names of a file stand for: entities, managers, and repositories or query builders of an entity. */
class Names {
  private readonly entities = new Map<string, string>();
  private readonly managers = new Set<string>();
  private readonly builders = new Set<string>();
  private readonly repositories = new Map<string, string>();

  constructor(
    source: ts.SourceFile,
    private readonly isTarget: (name: string) => boolean,
  ) {
    const learn = (node: ts.Node): void => {
      if (ts.isImportSpecifier(node) && node.propertyName)
        this.entities.set(node.name.text, node.propertyName.text);
      if (isDeclaration(node)) this.learn(node);
      if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) this.learnTransaction(node);
      if (ts.isClassLike(node)) this.learnClass(node);
      node.forEachChild(learn);
    };
    learn(source);
    learn(source); // what is used above where it is declared
  }

  /** The entity or table that an argument names. */
  targetOf(node: ts.Expression): string | undefined {
    const name = ts.isStringLiteralLike(node) || ts.isIdentifier(node) ? node.text : undefined;
    if (name === undefined) return undefined;
    const meant = this.entities.get(name) ?? name;
    return this.isTarget(meant) ? meant : undefined;
  }

  /** The entity whose repository or query builder an expression is. */
  heldBy(node: ts.Expression): string | undefined {
    const call = callOf(bare(node));
    if (call) {
      const [first] = call.given;
      return (first && this.targetOf(first)) ?? this.heldBy(call.on);
    }
    return this.repositories.get(lastName(node));
  }

  isManager(node: ts.Expression): boolean {
    const name = lastName(node);
    return this.managers.has(name) || /manager$/i.test(name);
  }

  isBuilder(node: ts.Expression): boolean {
    const call = callOf(bare(node));
    if (call) return call.method === 'createQueryBuilder' || this.isBuilder(call.on);
    return this.builders.has(lastName(node));
  }

  /** What the calls behind one say: `.delete().from(User)`. */
  targetAround(node: ts.Node): string | undefined {
    const [outer, end] = [node.parent, node.parent.parent];
    if (!ts.isPropertyAccessExpression(outer) || !ts.isCallExpression(end)) return undefined;
    const [first] = end.arguments;
    return (first && this.targetOf(first)) ?? this.targetAround(end);
  }

  private learn({ name, type, initializer }: Declaration): void {
    if (!ts.isIdentifier(name)) return;
    const said = type?.getText() ?? '';
    const [, , entity] = /\b(\w*Repository|\w*QueryBuilder)<(\w+)>/.exec(said) ?? [];
    const meant = entity && (this.entities.get(entity) ?? entity);
    if (meant && this.isTarget(meant)) this.repositories.set(name.text, meant);
    if (/\bEntityManager\b/.test(said)) this.managers.add(name.text);
    if (/QueryBuilder\b/.test(said)) this.builders.add(name.text);
    if (!initializer) return;
    const value = bare(initializer);
    const target = this.targetOf(value);
    if (target && ts.isIdentifier(value)) this.entities.set(name.text, target);
    if (this.isBuilder(value)) this.builders.add(name.text);
    const call = callOf(value);
    const isHeld =
      !call || ['getRepository', 'withRepository', 'extend', 'createQueryBuilder'].includes(call.method);
    const held = isHeld || this.isBuilder(value) ? this.heldBy(value) : undefined;
    if (held) this.repositories.set(name.text, held);
    if (!call && this.isManager(value)) this.managers.add(name.text);
  }

  /** `transaction(async (em) => …)`, whatever the manager is called. */
  private learnTransaction(work: ts.ArrowFunction | ts.FunctionExpression): void {
    const call = callOf(work.parent);
    const [first] = work.parameters;
    if (call && /transaction$/i.test(call.method) && first && ts.isIdentifier(first.name))
      this.managers.add(first.name.text);
  }

  /** `class Users extends Repository<User>`, which writes through `this`. */
  private learnClass({ heritageClauses }: ts.ClassLikeDeclaration): void {
    const said = heritageClauses?.map((clause) => clause.getText()).join(' ') ?? '';
    const [, entity] = /\bRepository<(\w+)>/.exec(said) ?? [];
    if (entity && this.isTarget(entity)) this.repositories.set('this', entity);
  }
}

type Declaration = ts.VariableDeclaration | ts.ParameterDeclaration | ts.PropertyDeclaration;

function isDeclaration(node: ts.Node): node is Declaration {
  return ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isPropertyDeclaration(node);
}

type Call = { readonly on: ts.Expression; readonly method: string; readonly given: readonly ts.Expression[] };

/** `on.method(…given)`, written with a full stop or with brackets. */
function callOf(node: ts.Node): Call | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const { expression: to, arguments: given } = node;
  if (ts.isPropertyAccessExpression(to)) return { on: to.expression, method: to.name.text, given };
  if (ts.isElementAccessExpression(to) && ts.isStringLiteralLike(to.argumentExpression))
    return { on: to.expression, method: to.argumentExpression.text, given };
  return undefined;
}

/** Without what changes nothing of the value. */
function bare(node: ts.Expression): ts.Expression {
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node)
  )
    return bare(node.expression);
  return node;
}

function lastName(expression: ts.Expression): string {
  const node = bare(expression);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return 'this';
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? node.name.text : '';
}
