import { analyse } from 'scslre';
import ts from 'typescript';
import { cpuMs } from '../../src/platform/cpu-time.js';
import { readSource, sourceFiles } from './imports.js';

/** A regular expression of `src`, and where it stands. */
type Found = { readonly place: string; readonly source: string; readonly flags: string };

/** Written down at run time, so not seen here: RE2 runs them, whatever they are. */
const LINEAR_ENGINE = 'platform/linear-pattern.ts';
/** Reported by nobody, but worth a word: what makes it no danger. */
const HARMLESS: Readonly<Record<string, string>> = {
  '(.{1,32}?)\\1+': 'a password, at most 256 characters',
};

const LENGTH = 10_000; // characters
/** A linear one needs less than a hundredth of it; one that takes the square of the length a multiple. */
const SUSPICIOUS_MS = 5;

describe('regular expressions of src', () => {
  const found = sourceFiles().flatMap((file) => literalsOf(file, readSource(file)));
  /** Once for both: a Nest module takes its time to load. */
  let built: Promise<Found[]> | undefined;
  const all = async () => [...found, ...(await (built ??= builtOnes()))];

  it('are all written where they can be read: as a literal, or of parts at the top of a file', async () => {
    const files = sourceFiles().filter((file) => file !== LINEAR_ENGINE);
    expect(files.flatMap((file) => hiddenIn(file, readSource(file)))).toEqual([]);
  });

  it('take no more than linear time, as far as can be proved', async () => {
    expect(found.length).toBeGreaterThan(200);
    expect((await all()).flatMap(reportOf)).toEqual([]);
  });

  it('take no more than linear time for texts made of their own parts', async () => {
    expect((await all()).flatMap(slownessOf)).toEqual([]);
  });

  it.each(['/\\d+$/', '/^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$/', '/(\\w+) must be/', '/\\s*$/', '/^(a+)+$/'])(
    'would be reported: %s',
    (text) => {
      expect(literalsOf('x.ts', `const x = ${text};`).flatMap(reportOf)).toEqual([
        expect.stringContaining('x.ts:1'),
      ]);
    },
  );

  it.each(['/"\\w*(?:uptime\\w*|rss\\w*)":/'])('would be slow: %s', (text) => {
    expect(literalsOf('x.ts', `const x = ${text};`).flatMap(slownessOf)).not.toEqual([]);
  });

  it.each(['x.replace(new RegExp(`${y}+$`), "")', 'const f = () => RegExp(y);'])(
    'would be hidden: %s',
    (text) => {
      expect(hiddenIn('x.ts', `export function g() { return ${text.replace('const f = ', '')}; }`)).toEqual([
        expect.stringContaining('x.ts:1'),
      ]);
    },
  );
});

function literalsOf(file: string, text: string): Found[] {
  const found: Found[] = [];
  visit(file, text, (node, place) => {
    if (!ts.isRegularExpressionLiteral(node)) return;
    const end = node.text.lastIndexOf('/');
    found.push({ place, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
  });
  return found;
}

/** Those that are put together while a request is served, perhaps of what it says. */
function hiddenIn(file: string, text: string): string[] {
  if (!text.includes('RegExp(')) return [];
  const found: string[] = [];
  visit(file, text, (node, place) => {
    if (!isBuilt(node) || !ts.findAncestor(node, ts.isFunctionLike)) return;
    found.push(
      `${place} makes a regular expression at run time: write a literal, or compile it with ${LINEAR_ENGINE}`,
    );
  });
  return found;
}

function isBuilt(node: ts.Node): boolean {
  return (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp';
}

/** What files build of parts while they are loaded: they are loaded, and watched. */
async function builtOnes(): Promise<Found[]> {
  const files = sourceFiles().filter((file) => {
    const text = readSource(file);
    let builds = false;
    if (text.includes('RegExp(')) visit(file, text, (node) => (builds ||= isBuilt(node)));
    return builds && file !== LINEAR_ENGINE;
  });
  const found: Found[] = [];
  const original = globalThis.RegExp;
  for (const place of files) {
    globalThis.RegExp = new Proxy(original, {
      construct: (target, parts: [string, string?], by) => {
        const built = Reflect.construct(target, parts, by) as RegExp;
        found.push({ place, source: built.source, flags: built.flags });
        return built;
      },
    });
    try {
      await jest.isolateModulesAsync(() => import(`../../src/${place.replace(/\.ts$/, '.js')}`));
    } finally {
      globalThis.RegExp = original;
    }
  }
  expect(new Set(found.map(({ place }) => place))).toEqual(new Set(files));
  return found;
}

function reportOf({ place, source, flags }: Found): string[] {
  if (source in HARMLESS) return [];
  const { reports } = analyse({ source, flags });
  return reports.slice(0, 1).map(({ type, exponential, character }) => {
    const often = character.pick === undefined ? '' : ` of ${JSON.stringify(character.pick)}`;
    return `${place} /${source}/ takes ${exponential ? 'exponential' : 'more than linear'} time (${type})${often}: begin it where a match can begin, or let its parts share no character`;
  });
}

/** Repeats each part of the expression, behind each other part, with an end that fits nothing. */
function slownessOf({ place, source, flags }: Found): string[] {
  if (source in HARMLESS || reportOf({ place, source, flags }).length > 0) return []; // it might run for ever
  const parts = [...new Set(source.match(/[A-Za-z]{2,}|[^A-Za-z]/g)), 'a', 'A', '1', ' ', '.'].slice(0, 40);
  const expression = new RegExp(source, flags.replace('g', ''));
  for (const part of parts) {
    for (const before of ['', ...parts.slice(0, 12)]) {
      const attack = (length: number) => `${before}${part.repeat(length / part.length)}\u{1}`;
      const timeOf = (text: string) => {
        const startMs = cpuMs();
        expression.lastIndex = 0; // of one that matches where it stands
        expression.test(text);
        return cpuMs() - startMs;
      };
      if (timeOf(attack(LENGTH)) < SUSPICIOUS_MS) continue;
      const [once, twice] = [LENGTH, 4 * LENGTH].map((length) => timeOf(attack(length)));
      if (once > SUSPICIOUS_MS && twice > 8 * once)
        return [`${place} /${source}/ takes ${twice.toFixed(0)} ms for ${JSON.stringify(before + part)}…`];
    }
  }
  return [];
}

function visit(file: string, text: string, look: (node: ts.Node, place: string) => void): void {
  const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const step = (node: ts.Node): void => {
    look(node, `${file}:${parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    node.forEachChild(step);
  };
  step(parsed);
}
