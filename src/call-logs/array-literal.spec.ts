import { describe, expect, it } from '@jest/globals';
import { types } from 'pg';
import { arrayLiteral, type ElementType, type ElementValue, plainText } from './array-literal.js';

/** The driver's own reader of arrays. */
const read = (literal: string) => (types.getTypeParser(1009 as never) as (text: string) => unknown)(literal);

describe('arrayLiteral', () => {
  const texts = [
    '',
    'NULL',
    'null',
    ' a ',
    'a,b',
    '{}',
    '"',
    '\\',
    '\\"',
    "it's",
    'é\n\t',
    '{"a":"\\"b\\\\"}',
    null,
  ];

  it.each(['varchar', 'text', 'json'] as const)('keeps every %s as it is', (type) => {
    expect(read(arrayLiteral(type, texts))).toEqual(texts);
  });

  it.each<[ElementType, ElementValue, string]>([
    ['uuid', '0199b3a4-0000-7000-8000-000000000000', '0199b3a4-0000-7000-8000-000000000000'],
    ['timestamptz', '2026-07-28T00:00:00.123Z', '2026-07-28T00:00:00.123Z'],
    ['boolean', false, 'false'],
    ['integer', -1, '-1'],
    ['real', 1e-7, '1e-7'],
    ['bytea', '00ff', '\\x00ff'],
  ])('writes a %s as PostgreSQL reads it', (type, value, text) => {
    expect(read(arrayLiteral(type, [value, null]))).toEqual([text, null]);
    expect([plainText(type, value), plainText(type, null)]).toEqual([text, null]);
  });

  it('writes no elements', () => {
    expect(arrayLiteral('text', [])).toBe('{}');
  });
});
