import { searchCondition } from './user-search.js';

function conditionFor(query: string) {
  const values: unknown[] = [];
  const sql = searchCondition(query, (value) => `$${values.push(value)}`);
  return { sql, values };
}

describe('searchCondition', () => {
  it('looks for Latin text and digits anywhere, from three characters on', () => {
    expect(conditionFor('  Wang ')).toEqual({
      sql: expect.stringContaining('|| email ||'),
      values: ['%wang%'],
    });
    expect(conditionFor('800')).toMatchObject({ values: ['%800%'] });
  });

  it('looks for two Chinese characters anywhere in the name', () => {
    const { sql, values } = conditionFor('小明');
    expect(sql).toContain('user_name_pairs');
    expect(values).toEqual(['小明', '%小明%']);
  });

  it.each(['王', 'li', 'j', '王a'])('looks for %s at the beginning of the name', (query) => {
    expect(conditionFor(query).values).toEqual([`${query}%`, query]);
  });

  it('takes % and _ and backslash as themselves', () => {
    expect(conditionFor('a%b_c\\abc').values).toEqual(['%a\\%b\\_c\\\\abc%']);
  });
});
