import { type ArgumentBudget, budgetFault } from './argument-budget.js';

const budget: ArgumentBudget = { maxBytes: 100, maxDepth: 3, maxNodes: 20 };
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

describe('budgetFault', () => {
  it('lets ordinary arguments pass', () => {
    expect(budgetFault({ user_id: 'u', options: { limit: 5, tags: ['a', 'b'] } }, budget)).toBeNull();
    expect(budgetFault({}, budget)).toBeNull();
  });

  it.each([
    ['bytes', { text: 'x'.repeat(101) }, 'they are larger than 100 bytes'],
    ['bytes of UTF-8', { text: '客'.repeat(34) }, 'they are larger than 100 bytes'],
    ['bytes in names', { ['n'.repeat(101)]: 1 }, 'they are larger than 100 bytes'],
    ['values', { list: Array.from({ length: 30 }, () => '') }, 'they hold more than 20 values'],
    ['levels', nested(4), 'they nest deeper than 3 levels'],
  ])('refuses too many %s', (_what, args, fault) => {
    expect(budgetFault(args, budget)).toBe(fault);
  });

  it.each(['1e400', '-1e400', '9007199254740993', '1234567890123456789', '-99999999999999999999'])(
    'refuses a number that is another one by now: %s',
    (literal) => {
      expect(budgetFault({ id: [JSON.parse(literal)] }, budget)).toMatch(
        /^they hold the number .* Send it as text$/,
      );
    },
  );

  it.each([9007199254740991, 6.022e23, 1e300, 0.1, -0, 1e-7])('takes %d as it is', (number) => {
    expect(budgetFault({ number }, budget)).toBeNull();
  });

  it('allows exactly as much as it says', () => {
    expect(budgetFault(nested(3), budget)).toBeNull();
    expect(budgetFault({ text: 'x'.repeat(96) }, budget)).toBeNull();
  });

  it('does not run out of stack', () => {
    expect(budgetFault(nested(5000), { ...budget, maxDepth: 64, maxNodes: 10_000 })).toBe(
      'they nest deeper than 64 levels',
    );
  });
});
