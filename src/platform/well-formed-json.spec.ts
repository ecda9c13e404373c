import * as fc from 'fast-check';
import { wellFormedJson } from './well-formed-json.js';

describe('wellFormedJson', () => {
  it.each([
    ['half of a character', { a: 'x\ud83d' }, '{"a":"x\uFFFD"}'],
    ['the other half, in a name', { '\ude00': 1 }, '{"\uFFFD":1}'],
    ['a whole one', '😀', '"😀"'],
    ['a text about halves', '\\ud83d', String.raw`"\\ud83d"`],
    ['a backslash before a half', '\\\ud83d', '"\\\\\uFFFD"'],
  ])('writes %s', (_what, value, json) => {
    expect(wellFormedJson(value)).toBe(json);
  });

  it('gives what can be read and holds no half', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const read = JSON.parse(wellFormedJson([text])) as string[];
        expect(read).toEqual([text.toWellFormed()]);
      }),
    );
  });
});
