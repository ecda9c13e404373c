import * as fc from 'fast-check';
import { cutText, excerptOf, shortenText } from './cut-text.js';

describe('cutText', () => {
  it.each([
    ['leaves a short text alone', 'abc', 5, 'abc'],
    ['cuts', 'abcdef', 3, 'abc'],
    ['leaves out a character that does not fit whole', 'ab😀cd', 3, 'ab'],
    ['keeps one that does', 'ab😀cd', 4, 'ab😀'],
    ['mends what came malformed', 'ab\ud83dcd', 4, 'ab\ufffdc'],
    ['mends what it does not cut', 'ab\ude00', 5, 'ab\ufffd'],
    ['gives nothing of nothing', '😀', 1, ''],
    ['takes zero', 'abc', 0, ''],
  ])('%s', (_what, text, max, cut) => {
    expect(cutText(text, max)).toBe(cut);
  });

  it('gives a well-formed text that is never too long and never longer than it must be short', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, max) => {
        const cut = cutText(text, max);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, max) - 1);
      }),
    );
  });
});

describe('shortenText', () => {
  it('says that there was more', () => {
    expect(shortenText(`${'x'.repeat(59)}😀yyyy`, 60)).toBe(`${'x'.repeat(59)}…`);
    expect(shortenText('short', 60)).toBe('short');
  });
});

describe('excerptOf', () => {
  it('leaves out the halves at both ends', () => {
    expect(excerptOf('😀ab😀', 1, 5)).toBe('ab');
    expect(excerptOf('😀ab😀', 0, 6)).toBe('😀ab😀');
    expect(excerptOf('abc', 0, 99)).toBe('abc');
  });
});
