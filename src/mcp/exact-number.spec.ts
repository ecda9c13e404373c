import { describe, expect, it } from '@jest/globals';
import { isSameId, keepExactIds } from './exact-number.js';

const read = (text: string) => keepExactIds(JSON.parse(text), text);

describe('keepExactIds', () => {
  it.each([
    '{"id":9007199254740993}',
    '{"id":-123456789012345678901234567890}',
    '[{"id":1},{"id":18446744073709551615,"params":{"id":1}}]',
    '{"method":"notifications/cancelled","params":{"requestId":9007199254740993}}',
    '{"id":1,"params":{"_meta":{"progressToken":9007199254740993}}}',
    '{"id":1,"id":9007199254740993}',
  ])('gives back %s', (text) => {
    expect(JSON.stringify(read(text))).toBe(text.replace('"id":1,"id"', '"id"'));
  });

  it('leaves arguments alone, which are for the tool to read', () => {
    const read1 = read('{"id":9007199254740993,"params":{"arguments":{"id":9007199254740993}}}') as {
      params: { arguments: unknown };
    };
    expect(read1.params.arguments).toEqual({ id: 9007199254740992 });
  });

  it.each(['{"id":1.5}', '{"id":1e400}', `{"id":${'9'.repeat(65)}}`, '7', 'null', '{"id":{}}'])(
    'leaves %s to be refused',
    (text) => expect(read(text)).toEqual(JSON.parse(text)),
  );
});

describe('isSameId', () => {
  it('tells numbers apart that one double stands for', () => {
    const [one, other] = read('[{"id":9007199254740993},{"id":9007199254740992}]') as { id: unknown }[];
    expect(isSameId(one.id, other.id)).toBe(false);
    expect(isSameId(one.id, (read('{"id":9007199254740993}') as { id: unknown }).id)).toBe(true);
    expect(isSameId(1, '1')).toBe(false);
  });
});
