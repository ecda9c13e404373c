import { HttpRefusal } from './http-refusal.js';
import { parseJson } from './request-body.js';

describe('parseJson', () => {
  it('counts levels as they are nested, not as brackets occur', () => {
    expect(parseJson('[[[]],[[]]]', 3)).toEqual([[[]], [[]]]);
    expect(() => parseJson('[[[[]]]]', 3)).toThrow('nested deeper than 3 levels');
    expect(() => parseJson('{"a":{"b":{"c":{}}}}', 3)).toThrow('nested deeper');
  });

  it.each(['"[[[[["', '{"a":"[[[[[\\"[[[[["}', '{"a\\\\":"]]]]"}', '["\\\\\\"[[[["]'])(
    'does not count brackets inside a string: %s',
    (text) => {
      expect(parseJson(text, 2)).toEqual(JSON.parse(text));
    },
  );

  it('refuses text that never ends a string or a list', () => {
    expect(() => parseJson('"abc', 5)).toThrow(HttpRefusal);
    expect(() => parseJson('[1,', 5)).toThrow('not valid JSON');
    expect(() => parseJson('', 5)).toThrow('not valid JSON');
  });

  it('drops own properties named __proto__ at any depth', () => {
    const parsed = parseJson('{"a":{"__proto__":{"admin":true},"b":1}}', 5) as { a: object };
    expect(Object.keys(parsed.a)).toEqual(['b']);
    expect((parsed.a as { admin?: boolean }).admin).toBeUndefined();
  });
});
