import { FairPlaces } from './fair-places.js';

describe('FairPlaces', () => {
  let served: string[];
  const enter = (places: FairPlaces, name: string, times = 1) =>
    Array.from({ length: times }, () => places.enterLater(name, () => served.push(name)));
  beforeEach(() => {
    served = [];
  });
  const count = (name: string) => served.filter((one) => one === name).length;

  it('leaves a place to whoever comes when one share has all it may have', () => {
    const places = new FairPlaces(16);
    enter(places, 'greedy', 500);
    expect(count('greedy')).toBe(13);
    enter(places, 'other', 1);
    expect(count('other')).toBe(1);
    expect(count('greedy')).toBe(13);
  });

  it('gives the next place to the share that holds least, in turn among equals', () => {
    const places = new FairPlaces(2);
    enter(places, 'a', 2);
    enter(places, 'a', 2);
    enter(places, 'b', 2);
    enter(places, 'c', 1);
    places.leave('a');
    places.leave('a');
    expect(served).toEqual(['a', 'a', 'b', 'a']);
    places.leave('b');
    places.leave('a');
    expect(served.slice(4)).toEqual(['c', 'b']);
  });

  it.each([1, 2, 3, 4, 5, 16, 500])('loses none of %i places', (max) => {
    const places = new FairPlaces(max);
    enter(places, 'a', max * 2);
    enter(places, 'b', max * 2);
    for (let left = 0; left < served.length; left++) places.leave(served[left]);
    expect([count('a'), count('b')]).toEqual([max * 2, max * 2]);
  });

  it('gives a place at once, or none', () => {
    const places = new FairPlaces(5);
    expect(['a', 'a', 'a', 'a', 'a', 'b', 'b'].map((name) => places.tryEnter(name))).toEqual([
      true,
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it('serves thousands that leave as they start', () => {
    const places = new FairPlaces(1);
    places.tryEnter('a');
    for (let n = 0; n < 20_000; n++)
      places.enterLater('b', () => {
        served.push('b');
        places.leave('b');
      });
    places.leave('a');
    expect(count('b')).toBe(20_000);
  });

  it('does not start what left the queue', () => {
    const places = new FairPlaces(1);
    enter(places, 'a');
    const [leaveQueue] = enter(places, 'b');
    leaveQueue();
    leaveQueue();
    places.leave('a');
    expect(served).toEqual(['a']);
    enter(places, 'c');
    expect(served).toEqual(['a', 'c']);
  });
});
