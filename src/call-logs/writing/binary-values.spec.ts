import { describe, expect, it } from '@jest/globals';
import { types } from 'pg';
import { binaryArrays, binaryValues, type Column } from './binary-values.js';

type Row = { readonly value: unknown };

/** The element behind a length, of an array of one dimension: see `array_send` in PostgreSQL's sources. */
function elementsOf(array: Buffer): (Buffer | null)[] {
  expect([array.readInt32BE(0), array.readInt32BE(16)]).toEqual([1, 1]);
  const elements: (Buffer | null)[] = [];
  let at = 20;
  while (elements.length < array.readInt32BE(12)) {
    const length = array.readInt32BE(at);
    at += 4;
    elements.push(length === -1 ? null : array.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  expect(at).toBe(array.length);
  return elements;
}

const columnOf = (type: string) => ['c', type, ({ value }: Row) => value] as unknown as Column<Row>;
const rowsOf = (values: readonly unknown[]) => values.map((value) => ({ value }));

describe('binary values', () => {
  it.each([
    ['uuid', 2950, '0199b3a4-fEdc-7000-8000-0123456789ab', '0199b3a4fedc700080000123456789ab'],
    ['timestamptz', 1184, new Date('2000-01-01T00:00:00.001Z'), '00000000000003e8'],
    ['timestamptz', 1184, new Date('1999-12-31T23:59:59.999Z'), 'fffffffffffffc18'],
    ['boolean', 16, true, '01'],
    ['boolean', 16, false, '00'],
    ['smallint', 21, -2, 'fffe'],
    ['integer', 23, -1, 'ffffffff'],
    ['bigint', 20, 2 ** 40 + 5, '0000010000000005'],
    ['real', 700, 0.5, '3f000000'],
    ['varchar', 1043, 'é', 'c3a9'],
    ['text', 25, '', ''],
    ['json', 114, '"😀"', '22f09f988022'],
    ['bytea', 17, Buffer.from([0, 255]), '00ff'],
  ])('write a %s', (type, oid, value, hex) => {
    const column = columnOf(type);
    const [array] = binaryArrays([column], rowsOf([value, null, value]));
    expect(array.readInt32BE(8)).toBe(oid);
    expect(elementsOf(array).map((element) => element?.toString('hex') ?? null)).toEqual([hex, null, hex]);
    expect(binaryValues([column], { value }).map((parameter) => parameter?.toString('hex'))).toEqual([hex]);
    expect(binaryValues([column], { value: null })).toEqual([null]);
  });

  it('are as the driver reads a time', () => {
    const parse = types.getTypeParser(types.builtins.TIMESTAMPTZ, 'binary') as unknown as (
      bytes: Buffer,
    ) => Date;
    const [now] = binaryValues([columnOf('timestamptz')], { value: new Date('2026-11-21T12:34:56.789Z') });
    expect(parse(now!).toISOString()).toBe('2026-11-21T12:34:56.789Z');
  });

  it('stay as they are when the next ones are written', () => {
    const [texts] = binaryArrays([columnOf('text')], rowsOf(['a', 'b']));
    binaryArrays([columnOf('text')], rowsOf(['overwritten?', 'overwritten?']));
    expect(elementsOf(texts).map(String)).toEqual(['a', 'b']);
  });

  it.each([700_000, 7_000_000])('hold a text of %d characters beside others', (length) => {
    const large = 'ü'.repeat(length);
    const [texts, numbers] = binaryArrays(
      [columnOf('text'), ['n', 'integer', () => 7]],
      rowsOf(['a', large, 'b']),
    );
    expect(elementsOf(texts).map(String)).toEqual(['a', large, 'b']);
    expect(elementsOf(numbers).map((element) => element?.readInt32BE())).toEqual([7, 7, 7]);
  });

  it.each(['', '0199b3a4', 'x199b3a4-fedc-7000-8000-0123456789ab', '0199b3a4-fedc-7000-8000-0123456789aü'])(
    'are not made of %p as a UUID',
    (text) => {
      expect(() => binaryValues([columnOf('uuid')], { value: text })).toThrow('no UUID');
    },
  );
});
