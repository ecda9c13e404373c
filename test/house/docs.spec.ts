import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { OUTSIDE_ROOMS, readSource, ROOMS, ROOT, sourceFiles } from './imports.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** Names of all files and folders: a name alone is enough where it stands once. */
const NAMES = new Set(
  ['src', 'test', 'bench', 'migrations', 'docs', '.']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: folder !== '.', encoding: 'utf8' }))
    .map((path) => path.slice(path.lastIndexOf('/') + 1)),
);

/** Words that say by themselves what a class does or is. */
const PLAIN =
  `access acknowledgements agent alerts assembler automation availability batch binaries caller callers calls cancellation changes
  channel channels check checkpointer checkpoints checks circuits cleanup client clients clock close column command commands condition config
  connection connections content controller conversation cost cron cursors deliverer deliveries detector dir directory dto effects endpoint error
  events executor export factor factors factory failure fault filter flows gateway gcra guard host http identities ids in interceptor job jobs
  key keys limiter listeners lockout logger maker meter methods module notifications once order outcomes partitions people pipe
  pool postgres preparation presences progress pruning queue quotas random rate rates reader recipients records redactor refusal registry
  removals remover replica reply report requests resources run runner schedules search service sessions set settings sites steps stopped store
  strategy stream streams subscriptions target templates tester texts threads tokens tools transport up usage views way worker writer`.split(
    /\s+/,
  );

/** What is only shown as an example: README's tool, what a command would make. */
const EXAMPLES = ['src/crm/prices.tools.ts', 'console/src/pages'];

describe('the rooms', () => {
  it('stand in the map of README.md in their order, lowest first', () => {
    const [, map = ''] = read('README.md').split('## The map: `ls src`');
    const [rows = ''] = map.split('\n## ');
    const named = [...rows.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(named.filter((name) => name.endsWith('/'))).toEqual(ROOMS.map((room) => `${room}/`));
    expect(named.filter((name) => !name.endsWith('/')).toSorted()).toEqual(
      [...OUTSIDE_ROOMS, 'in `src`', 'rooms.json'].filter((name) => !name.includes('`')).toSorted(),
    );
  });

  it('stand in CONTRIBUTING.md in their order', () => {
    expect(read('CONTRIBUTING.md').replaceAll(/\s+/g, ' ')).toContain(
      ROOMS.map((room) => `\`${room}\``).join(' · '),
    );
  });
});

describe('the last word of a class name', () => {
  const [, section = ''] = read('CONTRIBUTING.md').split('## Words in class names');
  const explained = [...section.split('\n## ')[0].matchAll(/^\| ([a-z, ]+) \| (?!is)/gm)].flatMap(
    ([, words]) => words.split(', '),
  );
  const named = sourceFiles().flatMap((file) =>
    /\.(entity|dto)\.ts$/.test(file)
      ? []
      : [...readSource(file).matchAll(/^export (?:abstract )?class \w*?([A-Z][a-z]*)\b/gm)].map(([, word]) =>
          word.toLowerCase(),
        ),
  );

  it('is a plain word, or one that CONTRIBUTING.md explains', () => {
    expect([...new Set(named)].filter((word) => !PLAIN.includes(word) && !explained.includes(word))).toEqual(
      [],
    );
  });

  it('is explained only where a class is named so', () => {
    const types = ['exchange'];
    expect(explained.length).toBeGreaterThan(20);
    expect(explained.filter((word) => !named.includes(word) && !types.includes(word))).toEqual([]);
  });
});

describe('a path that is named is there', () => {
  it('and one that is not is heard of', () => {
    const text =
      'See src/nowhere/a.ts, `common/b.ts`, dist/src/c.js, test/d; `e.ts` and `common/`; not `mcp/gate.ts`.';
    expect(brokenPaths(text, 'docs')).toEqual(
      expect.arrayContaining(['src/nowhere/a.ts', 'common/b.ts', 'src/c.ts', 'test/d', 'e.ts', 'common/']),
    );
    expect(brokenPaths(text, 'docs')).toHaveLength(6);
  });

  it.each(PAGES)('in %s', (page) => {
    expect(brokenPaths(read(page), dirname(page))).toEqual([]);
  });

  it('in comments of src, test, bench and migrations', () => {
    const others = ['test', 'bench', 'migrations'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file}`,
      ),
    );
    const files = [...sourceFiles().map((file) => `src/${file}`), ...others].filter((file) =>
      /\.(ts|mjs)$/.test(file),
    );
    const broken = files.flatMap((file) =>
      brokenPaths(commentsOf(file), dirname(file)).map((path) => `${file} names ${path}`),
    );
    expect(broken).toEqual([]);
  });
});

/** Paths from the root, and files of ours by their path from `src`, from a room or from where they are named. */
function brokenPaths(text: string, folder: string): string[] {
  const room = folder.split('/').slice(0, 2).join('/');
  const named = text.matchAll(
    /(?<![\w./:@-])(?:dist\/)?((?:src|test|bench|migrations|docs)\/[\w./-]*\w|(?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs))(?![\w/]*[<*…])/g,
  );
  const paths = [...named].map(([, path]) => path.replace(/^(src\/.*)\.js$/, '$1.ts'));
  const starts = ['', 'src', room, folder];
  const lost = paths.filter((path) => !starts.some((start) => leadsSomewhere(join(ROOT, start, path))));
  const names = [...text.matchAll(/`([\w-]+(?:\.[\w-]+)*\.(?:ts|mjs)|[a-z][\w-]*\/)`/g)].map(
    ([, name]) => name,
  );
  const unknown = names.filter((name) => !NAMES.has(name.replace('/', '')));
  return [...new Set([...lost, ...unknown])].filter((path) => !EXAMPLES.includes(path));
}

/** Also the beginning of a file's name up to a full stop, as patterns of tests are written. */
function leadsSomewhere(path: string): boolean {
  if (existsSync(path)) return true;
  const folder = dirname(path);
  return existsSync(folder) && readdirSync(folder).some((name) => join(folder, name).startsWith(`${path}.`));
}

function commentsOf(file: string): string {
  const text = file.startsWith('src/') ? readSource(file.slice(4)) : read(file);
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, text);
  const comments: string[] = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const isComment =
      token === ts.SyntaxKind.SingleLineCommentTrivia || token === ts.SyntaxKind.MultiLineCommentTrivia;
    if (isComment) comments.push(scanner.getTokenText());
  }
  return comments.join('\n');
}
