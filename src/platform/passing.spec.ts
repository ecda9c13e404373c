import { Passing } from './passing.js';

const named = (name: string) => ({ name });
const namesIn = (passing: Passing<{ name: string }>) => [...passing].map(({ name }) => name);

describe('Passing', () => {
  it('holds what came and did not leave, whatever the order of leaving', () => {
    const passing = new Passing<{ name: string }>();
    const leave = new Map(['a', 'b', 'c', 'd'].map((name) => [name, passing.add(named(name))]));
    expect(namesIn(passing)).toEqual(['d', 'c', 'b', 'a']);
    leave.get('b')!();
    expect(namesIn(passing)).toEqual(['d', 'c', 'a']);
    leave.get('d')!();
    leave.get('a')!();
    expect(namesIn(passing)).toEqual(['c']);
    leave.get('c')!();
    expect(namesIn(passing)).toEqual([]);
    passing.add(named('e'));
    expect(namesIn(passing)).toEqual(['e']);
  });

  it('is left once: the second time nobody else goes', () => {
    const passing = new Passing<{ name: string }>();
    const leave = passing.add(named('a'));
    passing.add(named('b'));
    leave();
    leave();
    expect(namesIn(passing)).toEqual(['b']);
  });

  it('finds the newest that fits, and knows when there is nothing', () => {
    const passing = new Passing<{ name: string }>();
    expect([passing.isEmpty, passing.find(() => true)]).toEqual([true, undefined]);
    const leave = ['a', 'ab', 'b'].map((name) => passing.add(named(name)));
    expect(passing.isEmpty).toBe(false);
    expect(passing.find(({ name }) => name.startsWith('a'))?.name).toBe('ab');
    for (const one of leave) one();
    expect(passing.isEmpty).toBe(true);
  });

  it('holds the same thing twice when it came twice', () => {
    const passing = new Passing<{ name: string }>();
    const twin = named('twin');
    const leave = passing.add(twin);
    passing.add(twin);
    leave();
    expect(namesIn(passing)).toEqual(['twin']);
  });

  it('leaves out what leaves while it is looked through, and what comes', () => {
    const passing = new Passing<{ name: string }>();
    const leave = ['a', 'b', 'c'].map((name) => passing.add(named(name)));
    const seen: string[] = [];
    for (const { name } of passing) {
      seen.push(name);
      leave[1]();
      passing.add(named('late'));
    }
    expect(seen).toEqual(['c', 'a']);
  });
});
