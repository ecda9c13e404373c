import { searchConditions } from './user-search.js';

function conditionsFor(query: string) {
  const values: unknown[] = [];
  const { plain, indexed } = searchConditions(query, (value) => `$${values.push(value)}`);
  return { plain, indexed, values };
}

describe('searchConditions', () => {
  it('looks for Latin text and digits anywhere, from three characters on', () => {
    expect(conditionsFor('  Wang ')).toMatchObject({
      indexed: expect.stringContaining('|| email ||'), // to the letter as the index has it
      values: ['%wang%'],
    });
    expect(conditionsFor('800')).toMatchObject({ values: ['%800%'] });
  });

  it('looks for two Chinese characters anywhere in the name, through their pairs', () => {
    const { indexed, values } = conditionsFor('小明');
    expect(indexed).toContain('user_name_pairs');
    expect(values).toEqual(['%小明%']);
  });

  it('wants every word, in any order', () => {
    const { plain, indexed, values } = conditionsFor('Lee  小明 a');
    expect(values).toEqual(['%lee%', '%小明%', '%a%']);
    expect(plain.split(' AND ')).toHaveLength(3);
    expect(indexed.split(' AND ')).toHaveLength(4);
  });

  it.each(['王', 'li', 'j', '王a'])('looks for %s at the beginning of the name', (query) => {
    expect(conditionsFor(query).values).toEqual([`${query}%`, query]);
  });

  it('takes % and _ and backslash as themselves', () => {
    expect(conditionsFor('a%b_c\\abc').values).toEqual(['%a\\%b\\_c\\\\abc%']);
  });
});
