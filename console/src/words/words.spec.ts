import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vocabulary } from './bilingual';

const SOURCES = join(__dirname, '..');
const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
const namesOf = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).toSorted();
/** Names and abbreviations that are the same in both. */
const SAME = /^[\w .:+{}#××/-]*$/;

describe('what the console says', () => {
  const vocabularies = files
    .filter((file) => /(words|common|states)\.ts$/.test(file) && !file.includes('use-words'))
    .flatMap((file) =>
      // eslint-disable-next-line typescript/no-require-imports -- the specs run as CommonJS
      Object.values(require(join(SOURCES, file)) as Record<string, Vocabulary>).map((found) => ({
        file,
        ...found,
      })),
    );
  const pairs = vocabularies.flatMap(({ name, words }) =>
    Object.entries(words).map(([key, [en, zh]]) => ({ key: `${name}.${key}`, en, zh })),
  );

  it('is there in English and in Chinese, with the same values put in', () => {
    expect(pairs.length).toBeGreaterThan(300);
    const wrong = pairs.filter(
      ({ en, zh }) =>
        en === '' ||
        zh === '' ||
        !(/\p{Script=Han}/u.test(zh) || SAME.test(zh)) ||
        namesOf(en).join() !== namesOf(zh).join(),
    );
    expect(wrong.filter(({ key }) => key !== 'shell.language')).toEqual([]);
  });

  it('is told apart by name', () => {
    const names = vocabularies.map(({ name }) => name);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it('stands in words files, not between the tags of a page', () => {
    const said = files
      .filter((file) => file.endsWith('.tsx'))
      .flatMap((file) =>
        [
          ...readFileSync(join(SOURCES, file), 'utf8').matchAll(
            />\s*([A-Za-z][a-z]+(?: [a-z]+)+)[^<>{}=]*</g,
          ),
        ].map(([, text]) => `${file}: ${text}`),
      );
    expect(said).toEqual([]);
  });
});
