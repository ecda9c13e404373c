import { EVERY_VALUE, everyFewValues } from './choice.js';

describe('the values that an attack tries', () => {
  const values = ['likeliest', 'b', 'c', 'd', 'e'];

  it('are all of them', () => {
    expect(EVERY_VALUE(values)).toEqual(values);
  });

  it('are the likeliest and another one, until every one of a field was tried', () => {
    const tried = [20_001, 20_002, 20_003, 20_004].map((number) => {
      const choose = everyFewValues(number);
      choose(['x', 'y']); // another field
      return choose(values);
    });
    expect(tried.every(([first, ...others]) => first === 'likeliest' && others.length === 1)).toBe(true);
    expect(new Set(tried.flat())).toEqual(new Set(values));
  });

  it('are what there is', () => {
    expect(everyFewValues(7)([])).toEqual([]);
    expect(everyFewValues(7)(['only'])).toEqual(['only']);
  });
});
