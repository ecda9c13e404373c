import ts from 'typescript';
import { SECRET_FIELDS } from '../../src/platform/logger.js';
import { readSource, sourceFiles } from './imports.js';

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
