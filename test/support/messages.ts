import ts from 'typescript';

/** What programs read is in no language. */
const CODE = /^[a-z]+(_[a-z]+)+$/;

/** A text that a caller of the REST API can be shown, with `{0}`, `{1}` for what is put in, and where it is. */
export type Message = { readonly template: string; readonly where: string };

/** What agents are told, over MCP, is not translated: models read English. Of the business only conversations are REST. */
const NOT_REST =
  /^(?:.*\/)?src\/(?:mcp|crm(?!\/(?:conversations\.(?:controller|dto)|messages\.|own-))|operations\/(?:doctor|isolation))\/|^(?:.*\/)?src\/operations\/status\/health-server\.ts$|^(?:.*\/)?src\/boot\/(?:commands\/rotate-master|master-keys\/master-keys)\.ts$|\.spec\.ts$|messages\.zh\.ts$|openapi[^/]*\.ts$/;
const FAILURES = ['AppError', 'HttpException'];

/**
 * Finds every message in the sources that a failure of the REST API can carry: the first argument of `new` for each subclass
 * of AppError and HttpException, and each `message` of an object (`details`, options of class-validator). It follows constants,
 * conditions, concatenations and functions of ours that return a text.
 */
export function findMessages(directory = process.cwd()): Message[] {
  const configPath = ts.findConfigFile(directory, ts.sys.fileExists.bind(ts.sys), 'tsconfig.build.json')!;
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configPath, ts.sys.readFile.bind(ts.sys)).config,
    ts.sys,
    directory,
  );
  const program = ts.createProgram(config.fileNames, { ...config.options, noEmit: true });
  const checker = program.getTypeChecker();
  const found: Message[] = [];

  const visit = (node: ts.Node, file: ts.SourceFile): void => {
    const text = textOf(node);
    if (text) {
      const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
      const where = `${file.fileName.slice(directory.length + 1)}:${line}`;
      for (const template of templatesOf(text, checker))
        if (/[a-z]/i.test(template.replace(/\{\d+\}/g, '')) && !CODE.test(template))
          found.push({ template, where });
    }
    node.forEachChild((child) => visit(child, file));
  };

  const textOf = (node: ts.Node): ts.Expression | undefined => {
    if (ts.isNewExpression(node)) return isFailure(node, checker) ? node.arguments?.[0] : undefined;
    if (ts.isCallExpression(node) && node.expression.getText() === 'envelope') return node.arguments[2];
    const isProperty = ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node);
    if (!isProperty || node.name.getText() !== 'message' || isLogged(node) || isZodIssue(node))
      return undefined;
    return ts.isPropertyAssignment(node) ? node.initializer : constantOf(node, checker);
  };

  for (const file of program.getSourceFiles()) {
    const path = file.fileName.slice(directory.length + 1);
    if (file.isDeclarationFile || !path.startsWith('src/') || NOT_REST.test(path)) continue;
    visit(file, file);
  }
  return found;
}

function isFailure(node: ts.NewExpression, checker: ts.TypeChecker): boolean {
  const seen = [checker.getTypeAtLocation(node)];
  for (const type of seen) {
    if (FAILURES.includes(type.symbol?.name)) return true;
    if (type.isClassOrInterface()) seen.push(...checker.getBaseTypes(type));
  }
  return false;
}

/** Of a log line, not of an answer. */
function isLogged(node: ts.Node): boolean {
  const call = node.parent.parent;
  return ts.isCallExpression(call) && /logger\.\w+$/i.test(call.expression.getText());
}

/** Told at the start of the process, or by a schema whose texts are not ours. */
function isZodIssue(node: ts.Node): boolean {
  const call = node.parent.parent;
  return ts.isCallExpression(call) && call.expression.getText().endsWith('.addIssue');
}

function constantOf(
  node: ts.ShorthandPropertyAssignment,
  checker: ts.TypeChecker,
): ts.Expression | undefined {
  return initializerOf(checker.getShorthandAssignmentValueSymbol(node));
}

function initializerOf(symbol: ts.Symbol | undefined): ts.Expression | undefined {
  const declaration = symbol?.valueDeclaration;
  return declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
}

/** All that the expression can be, each hole numbered from the left. */
function templatesOf(expression: ts.Expression, checker: ts.TypeChecker): string[] {
  return formsOf(expression, checker, 0).map((form) => {
    let hole = 0;
    return form
      .replaceAll('$property', '{}')
      .replace(/\$constraint\d/g, '{}')
      .replaceAll('{}', () => `{${hole++}}`);
  });
}

const DEPTH_MAX = 6;
const HOLE = ['{}'];

function formsOf(expression: ts.Expression, checker: ts.TypeChecker, depth: number): string[] {
  const deeper = (inner: ts.Expression) => formsOf(inner, checker, depth + 1);
  if (depth > DEPTH_MAX) return HOLE;
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression))
    return deeper(expression.expression);
  if (ts.isConditionalExpression(expression))
    return [...deeper(expression.whenTrue), ...deeper(expression.whenFalse)];
  if (ts.isBinaryExpression(expression)) return formsOfBinary(expression, deeper);
  if (ts.isTemplateExpression(expression)) return formsOfTemplate(expression, deeper);
  if (ts.isArrowFunction(expression) && !ts.isBlock(expression.body)) return deeper(expression.body);
  if (ts.isIdentifier(expression)) {
    const initializer = initializerOf(checker.getSymbolAtLocation(expression));
    return initializer && isText(initializer) ? deeper(initializer) : HOLE;
  }
  if (ts.isCallExpression(expression)) return formsOfCall(expression, checker, deeper);
  return HOLE;
}

function isText(node: ts.Expression): boolean {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateExpression(node) ||
    ts.isConditionalExpression(node) ||
    ts.isBinaryExpression(node) ||
    ts.isCallExpression(node)
  );
}

type Deeper = (inner: ts.Expression) => string[];

function formsOfBinary(node: ts.BinaryExpression, deeper: Deeper): string[] {
  const kind = node.operatorToken.kind;
  const [left, right] = [deeper(node.left), deeper(node.right)];
  if (kind === ts.SyntaxKind.PlusToken) return left.flatMap((one) => right.map((other) => one + other));
  if (kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken)
    return [...left, ...right];
  return HOLE;
}

/** Names of texts and what chooses between texts are opened up; what is merely put in stays a hole. */
function formsOfTemplate(node: ts.TemplateExpression, deeper: Deeper): string[] {
  let forms = [node.head.text];
  for (const { expression, literal } of node.templateSpans) {
    const all =
      ts.isConditionalExpression(expression) || ts.isIdentifier(expression) ? deeper(expression) : HOLE;
    const known = all.filter((form) => form !== '{}');
    const inner = known.length > 0 ? known : HOLE;
    forms = forms.flatMap((form) => inner.map((text) => form + text + literal.text));
  }
  return forms;
}

function formsOfCall(node: ts.CallExpression, checker: ts.TypeChecker, deeper: Deeper): string[] {
  const declaration = checker.getResolvedSignature(node)?.declaration;
  if (!declaration || declaration.getSourceFile().isDeclarationFile || !('body' in declaration)) return HOLE;
  const { body } = declaration;
  if (!body) return HOLE;
  if (!ts.isBlock(body)) return deeper(body);
  const forms: string[] = [];
  const visit = (inner: ts.Node): void => {
    if (ts.isFunctionLike(inner)) return;
    if (ts.isReturnStatement(inner) && inner.expression) forms.push(...deeper(inner.expression));
    inner.forEachChild(visit);
  };
  visit(body);
  return forms;
}
