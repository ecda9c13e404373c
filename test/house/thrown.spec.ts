import ts from 'typescript';
import { nodesOf, parsed, placesOf } from './imports.js';

describe('the text of what was thrown', () => {
  it('is read by messageOf, and its trace by traceOf', () => {
    const ofCauseToo = 'call-logs/evidence/checkpoint-deliveries.ts';
    const thatMayThrow = 'tools/native/thread-messages.ts';
    expect(placesOf(textsOfThrown, 'platform/errors.ts', ofCauseToo, thatMayThrow)).toEqual([]);
  });

  it.each([
    'log(e instanceof Error ? e.message : String(x))',
    "log(e instanceof Error ? (e as Error).message : 'nothing')",
    'log(e instanceof Error ? e.stack : e)',
    'log(!(e instanceof Error) ? x : e.message)',
    'log(types.isNativeError(e) ? e.message : x)',
    'try { f(); } catch (anything) { log(String(anything)); }',
    'try { f(); } catch (anything) { log(`It failed: ${anything}`); }',
    "try { f(); } catch (anything) { log('It failed: ' + anything); }",
    'f().catch((error: unknown) => log(String(error)))',
    'function f(cause: unknown) { log(`${cause}`); }',
    'log((thrown as Error).message)',
  ])('is seen to be read: %s', (text) => {
    expect(textsOfThrown(parsed('x.ts', text))).toHaveLength(1);
  });

  it.each(['const f = (error: string) => `${error}`', 'log(`${error.code}`)', 'String(count)'])(
    'is not seen where it is none: %s',
    (text) => {
      expect(textsOfThrown(parsed('x.ts', text))).toEqual([]);
    },
  );
});

/** Where a file makes a text of what was thrown. */
function textsOfThrown(source: ts.SourceFile): string[] {
  /** What `catch` caught, and what may be anything under such a name. */
  const thrown = new Set<string>();
  nodesOf(source, (node) => {
    const isCaught = ts.isVariableDeclaration(node) && ts.isCatchClause(node.parent);
    const isAnything =
      ts.isParameter(node) &&
      node.type?.kind === ts.SyntaxKind.UnknownKeyword &&
      /^(?:e|err|error|cause|reason|failure|thrown)$/.test(node.name.getText());
    if (isCaught || isAnything) thrown.add(node.name.getText());
    return false;
  });
  const isThrown = (node: ts.Expression) => ts.isIdentifier(node) && thrown.has(node.text);
  return nodesOf(source, (node) => {
    if (ts.isConditionalExpression(node))
      return (
        /instanceof Error\b|isNativeError\(/.test(node.condition.getText()) &&
        /\.(?:message|stack)\b/.test(node.getText())
      );
    if (ts.isCallExpression(node))
      return node.expression.getText() === 'String' && node.arguments.some(isThrown);
    if (ts.isTemplateSpan(node)) return isThrown(node.expression);
    if (ts.isBinaryExpression(node))
      return (
        node.operatorToken.kind === ts.SyntaxKind.PlusToken && (isThrown(node.left) || isThrown(node.right))
      );
    return (
      /^\(\w+ as Error\)\.(?:message|stack)$/.test(node.getText()) &&
      !ts.findAncestor(node, ts.isConditionalExpression)
    );
  });
}
