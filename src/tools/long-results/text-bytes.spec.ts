import * as fc from 'fast-check';
import { firstBytes, jsonBytes, piecesOf } from './text-bytes.js';

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', '\n', '\u0001', '\u007f'),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  ),
  maxLength: 200,
});

describe('firstBytes', () => {
  it.each([
    ['abc', 2, 'ab'],
    ['€uro', 2, ''],
    ['€uro', 3, '€'],
    ['a😀b', 4, 'a'],
    ['a😀b', 5, 'a😀'],
    ['ab', 9, 'ab'],
    ['tel 13812345678, 13912345678', 20, 'tel 13812345678,'],
    ['{"tel":"13812345678"}', 16, '{"tel":"'],
    ['one\ntwo\nthree', 10, 'one\ntwo\n'],
    ['\u0001\u0001\u0001', 13, '\u0001\u0001'],
    ['\\\\\\', 5, '\\\\'],
    ['a,bcdefghijklmnopq', 16, 'a,bcdefghijklmno'],
  ])('%s, %d bytes: %s', (whole, maxBytes, first) => expect(firstBytes(whole, maxBytes)).toBe(first));

  it('gives as many whole characters as fit', () => {
    fc.assert(
      fc.property(text, fc.nat(300), (whole, maxBytes) => {
        const first = firstBytes(whole, maxBytes);
        expect(whole.startsWith(first)).toBe(true);
        expect(jsonBytes(first)).toBeLessThanOrEqual(maxBytes);
        const next = whole.codePointAt(first.length);
        const longer = next === undefined ? undefined : first + String.fromCodePoint(next);
        const isAtSeam = /[\n,;"{}[\]<>|]$/.test(first) && first.length > 0;
        expect(longer === undefined || isAtSeam || jsonBytes(longer) > maxBytes).toBe(true);
      }),
    );
  });
});

describe('piecesOf', () => {
  it('loses nothing and cuts no character', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (whole, maxBytes) => {
        const pieces = [...piecesOf(whole, maxBytes)];
        expect(pieces.map((piece) => piece.text).join('')).toBe(whole);
        let startByte = 0;
        for (const piece of pieces) {
          expect(piece.startByte).toBe(startByte);
          expect(Buffer.byteLength(piece.text)).toBeLessThanOrEqual(maxBytes);
          startByte += Buffer.byteLength(piece.text);
        }
      }),
    );
  });
});
