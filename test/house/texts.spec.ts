import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, sourceFiles } from './imports.js';

/** How the end of a cut says that it is a limit, not a place found in the text. */
const LIMIT = /^\d+$|[A-Z]_?(?:MAX|LENGTH|LIMIT|CHARACTERS)\b|[mM]ax|[lL]imit/;
const CUTS = new Set(['slice', 'substring', 'substr']);
/** What makes ASCII: times, digests, ids. */
const ASCII = /(?:\.toISOString\(\)|\.digest\('\w+'\)|randomUUID\(\)(?:\.replaceAll\('-', ''\))?)$/;

/**
 * Cuts at a limit that need no care: the text is ASCII of our own making, or it is only compared and shown to nobody. What
 * people, agents, tools or other services wrote is cut by `cutText`.
 */
const OF_MACHINES: readonly string[] = [
  'auth/sign-in/personal-token-format.ts: token.slice(0, SHOWN_LENGTH)',
  'auth/sign-in/totp.ts: code.slice(0, 5)',
  'auth/users/user-views.ts: stem.slice(0, USERNAME_STEM_MAX)', // a-z, 0-9
  String.raw`automation/error-kind.ts: error.name .replace(/Error$/, '') .replaceAll(/([a-z])([A-Z])/g, '$1_$2') .toLowerCase() .slice(0, KIND_MAX)`, // a class's name
  String.raw`call-logs/forwarding/syslog.ts: hostname() .replaceAll(/[^\x21-\x7e]/g, '') .slice(0, 255)`,
  'call-logs/search/export-line.ts: line.slice(at, at + TIME_LENGTH)',
  'call-logs/search/export-line.ts: line.slice(id, id + ID_LENGTH)',
  'call-logs/search/words.ts: folded.slice(begin, Math.min(at, begin + WORD_MAX))', // compared only
  'call-logs/search/words.ts: text.slice(0, WORD_MAX)', // compared only
  'crm/preference-keys.ts: text.slice(0, 5)', // a time of day
  'crm/sample/sample-random.ts: id.slice(0, 8)',
  'crm/sample/sample-random.ts: id.slice(9, 13)',
  'crm/sample/sample-random.ts: place.slice(0, 2)',
  'crm/sample/sample-random.ts: time.slice(0, 8)',
  'groups/connect.ts: code.slice(0, DIFY_IDENTIFIER_MAX)',
  'groups/keys/key-format.ts: key.slice(0, SHOWN_LENGTH)',
  'messaging/notices/quiet-hours.ts: time.slice(0, 2)',
  'platform/rest/etag.interceptor.ts: digest.slice(0, DIGEST_LENGTH)',
  'platform/secrets/checked-secret.ts: text.slice(0, -CHECKSUM_LENGTH)',
  'platform/uuid-bytes.ts: hex.slice(0, 8)',
  'platform/uuid-bytes.ts: hex.slice(12, 16)',
  'platform/uuid-bytes.ts: hex.slice(16, 20)',
  'platform/uuid-bytes.ts: hex.slice(8, 12)',
  'tools/long-results/text-bytes.ts: text.slice(0, maxBytes + 1)', // cut again, by whole characters
  'tools/redaction/id-card.ts: day.slice(0, 4)',
  'tools/redaction/id-card.ts: day.slice(4, 6)',
  'tools/redaction/id-card.ts: text.slice(6, 14)',
];

/** Every place in `src` where a text is cut at a limit by hand. */
function cutsByHand(): string[] {
  const files = sourceFiles().map((file) => join(ROOT, 'src', file));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const file of files) {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file} was not read`);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const { expression: cut, name } = node.expression;
        const limit = node.arguments[1]?.getText(source);
        const isText = () => {
          const type = checker.getNonNullableType(checker.getTypeAtLocation(cut));
          return (type.flags & ts.TypeFlags.StringLike) > 0 && !ASCII.test(cut.getText(source));
        };
        if (CUTS.has(name.text) && limit !== undefined && LIMIT.test(limit) && isText())
          found.push(`${file.slice(ROOT.length + 5)}: ${node.getText(source).replaceAll(/\s+/g, ' ')}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found.toSorted();
}

describe('texts', () => {
  it('are cut by cutText, which leaves no half of a character', () => {
    expect(cutsByHand()).toEqual(OF_MACHINES);
  });
});
