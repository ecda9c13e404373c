import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { nodesOf, OUTSIDE_ROOMS, parsed, readSource, ROOMS, ROOT, sourceFiles } from './imports.js';

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
  `access acknowledgements agent alerts approvals assembler automation availability batch binaries caller callers calls cancellation changes
  channel channels check checkpointer checkpoints checks circuits cleanup client clients clock close column command commands condition config
  connection connections constraint content controller conversation cost cron cursors customers deliverer deliveries detector dir directory dto effects endpoint error
  events executor export factor factors factory failure fault fetch filter flows gateway gcra guard host http identities ids importer in interceptor job jobs
  key keys limiter lines listeners lockout logger maker meter methods module names notifications now once order outcomes param partitions people pipe
  pool postgres preparation presences probe progress pruning query queue quotas random rate rates reader recipients records redactor refusal registry
  removals remover replica reply report requests resources run runner runners schedule schedules search service sessions set settings sites steps stop stopped store
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
      : [...readSource(file).matchAll(/^\s*(?:export )?(?:abstract )?class \w*?([A-Z][a-z]*)\b/gm)].map(
          ([, word]) => word.toLowerCase(),
        ),
  );

  it('is a plain word, or one that CONTRIBUTING.md explains', () => {
    expect([...new Set(named)].filter((word) => !PLAIN.includes(word) && !explained.includes(word))).toEqual(
      [],
    );
  });

  it('is in the list of plain words only where a class is named so', () => {
    expect(PLAIN.filter((word) => !named.includes(word))).toEqual([]);
  });

  it('is explained only where a class is named so', () => {
    const types = ['exchange'];
    expect(explained.length).toBeGreaterThan(20);
    expect(explained.filter((word) => !named.includes(word) && !types.includes(word))).toEqual([]);
  });
});

describe('the comment on an exported class', () => {
  const BASELINE = (JSON.parse(read('test/house/baseline.json')) as { readonly comments: readonly string[] })
    .comments;

  it('says in 20 words at most what it is for', () => {
    const found = sourceFiles().flatMap((file) => wordyClassesOf(file, readSource(file)));
    expect({
      'say it in a first sentence of 20 words at most': found.filter((one) => !BASELINE.includes(one)),
      'mended: take it out of test/house/baseline.json': BASELINE.filter((one) => !found.includes(one)),
    }).toEqual({
      'say it in a first sentence of 20 words at most': [],
      'mended: take it out of test/house/baseline.json': [],
    });
    expect(BASELINE.length).toBeLessThanOrEqual(17); // never raise it
  });

  it('is heard of where it is missing or long', () => {
    expect(wordyClassesOf('x.ts', 'export class A {}')).toEqual(['x.ts: A']);
    expect(wordyClassesOf('x.ts', `/** Does ${'so '.repeat(20)}. */\nexport class A {}`)).toEqual([
      'x.ts: A',
    ]);
    expect(
      wordyClassesOf('x.ts', `/** Does it. ${'So '.repeat(20)}. */\n@Injectable()\nexport class A {}`),
    ).toEqual([]);
  });
});

/** Exported classes whose comment is missing or begins with a long sentence. What only wires or describes REST says so by its name. */
function wordyClassesOf(file: string, text: string): string[] {
  if (/\.(?:dto|module|room|controller)\.ts$/.test(file)) return [];
  return nodesOf(parsed(file, text), (node) => {
    if (
      !ts.isClassDeclaration(node) ||
      !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    )
      return false;
    const [comment] = ts.getJSDocCommentsAndTags(node);
    const said = ts.getTextOfJSDocComment(comment?.comment) ?? '';
    const [first] = said.replaceAll(/\s+/g, ' ').split(/(?<=[.:])\s/);
    return first === '' || first.split(' ').length > 20;
  })
    .map((whole) => /export (?:abstract )?class (\w+)/.exec(whole)?.[1] ?? 'class')
    .filter((name) => !name.endsWith('Dto'))
    .map((name) => `${file}: ${name}`);
}

describe('the compiler', () => {
  const settings = (name: string) =>
    JSON.parse(read(name)) as {
      include: string[];
      exclude?: string[];
      extends?: string;
      compilerOptions: object;
    };

  it('checks with the tests whatever the build makes, by the same rules', () => {
    const [all, build, test] = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.test.json'].map(settings);
    for (const made of [build, test]) {
      expect(made.extends).toBe('./tsconfig.json');
      // `types` leaves out what only specs know; the rest says where to, not what is right.
      expect(Object.keys(made.compilerOptions)).toEqual(
        expect.not.arrayContaining(['strict', 'target', 'lib', 'module']),
      );
      const ofPlace = ['types', 'incremental', 'tsBuildInfoFile'];
      expect(Object.keys(made.compilerOptions).filter((name) => !ofPlace.includes(name))).toEqual([]);
    }
    expect(build.include.filter((folder) => !all.include.includes(folder))).toEqual([]);
    expect(build.include.filter((folder) => !test.include.includes(folder))).toEqual([]);
    expect(test.exclude).toEqual(build.exclude);
    expect(all.exclude).toBeUndefined();
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
