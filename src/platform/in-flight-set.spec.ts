import { InFlightSet } from './in-flight-set.js';

const named = (name: string) => ({ name });
const namesIn = (set: InFlightSet<{ name: string }>) => [...set].map(({ name }) => name);

describe('InFlightSet', () => {
  it('holds what came and did not leave, whatever the order of leaving', () => {
    const set = new InFlightSet<{ name: string }>();
    const leave = new Map(['a', 'b', 'c', 'd'].map((name) => [name, set.add(named(name))]));
    expect(namesIn(set)).toEqual(['d', 'c', 'b', 'a']);
    leave.get('b')!();
    expect(namesIn(set)).toEqual(['d', 'c', 'a']);
    leave.get('d')!();
    leave.get('a')!();
    expect(namesIn(set)).toEqual(['c']);
    leave.get('c')!();
    expect(namesIn(set)).toEqual([]);
    set.add(named('e'));
    expect(namesIn(set)).toEqual(['e']);
  });

  it('is left once: the second time nobody else goes', () => {
    const set = new InFlightSet<{ name: string }>();
    const leave = set.add(named('a'));
    set.add(named('b'));
    leave();
    leave();
    expect(namesIn(set)).toEqual(['b']);
  });

  it('finds the newest that fits, and knows when there is nothing', () => {
    const set = new InFlightSet<{ name: string }>();
    expect([set.isEmpty, set.find(() => true)]).toEqual([true, undefined]);
    const leave = ['a', 'ab', 'b'].map((name) => set.add(named(name)));
    expect(set.isEmpty).toBe(false);
    expect(set.find(({ name }) => name.startsWith('a'))?.name).toBe('ab');
    for (const one of leave) one();
    expect(set.isEmpty).toBe(true);
  });

  it('holds the same thing twice when it came twice', () => {
    const set = new InFlightSet<{ name: string }>();
    const twin = named('twin');
    const leave = set.add(twin);
    set.add(twin);
    leave();
    expect(namesIn(set)).toEqual(['twin']);
  });

  it('leaves out what leaves while it is looked through, and what comes', () => {
    const set = new InFlightSet<{ name: string }>();
    const leave = ['a', 'b', 'c'].map((name) => set.add(named(name)));
    const seen: string[] = [];
    for (const { name } of set) {
      seen.push(name);
      leave[1]();
      set.add(named('late'));
    }
    expect(seen).toEqual(['c', 'a']);
  });
});
