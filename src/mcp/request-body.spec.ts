import { HttpRefusal } from './http-refusal.js';
import { parseJson } from './request-body.js';

const SHAPE = { maxValues: 100 };

describe('parseJson', () => {
  it('counts levels as they are nested, not as brackets occur', () => {
    expect(parseJson('[[[]],[[]]]', { ...SHAPE, maxDepth: 3 })).toEqual([[[]], [[]]]);
    expect(() => parseJson('[[[[]]]]', { ...SHAPE, maxDepth: 3 })).toThrow('nested deeper than 3 levels');
    expect(() => parseJson('{"a":{"b":{"c":{}}}}', { ...SHAPE, maxDepth: 3 })).toThrow('nested deeper');
  });

  it.each(['"[[[[["', '{"a":"[[[[[\\"[[[[["}', '{"a\\\\":"]]]]"}', '["\\\\\\"[[[["]'])(
    'does not count brackets inside a string: %s',
    (text) => {
      expect(parseJson(text, { ...SHAPE, maxDepth: 2 })).toEqual(JSON.parse(text));
    },
  );

  it('refuses text that never ends a string or a list', () => {
    expect(() => parseJson('"abc', { ...SHAPE, maxDepth: 5 })).toThrow(HttpRefusal);
    expect(() => parseJson('[1,', { ...SHAPE, maxDepth: 5 })).toThrow('not valid JSON');
    expect(() => parseJson('', { ...SHAPE, maxDepth: 5 })).toThrow('not valid JSON');
  });

  it('refuses more values than are allowed before anything is built', () => {
    expect(() => parseJson(`[${'[],'.repeat(99)}[]`, { ...SHAPE, maxDepth: 5 })).toThrow(
      'holds more than 100 values',
    );
  });

  it('drops own properties named __proto__ at any depth', () => {
    const parsed = parseJson('{"a":{"__proto__":{"admin":true},"b":1}}', { ...SHAPE, maxDepth: 5 }) as {
      a: object;
    };
    expect(Object.keys(parsed.a)).toEqual(['b']);
    expect((parsed.a as { admin?: boolean }).admin).toBeUndefined();
  });
});
