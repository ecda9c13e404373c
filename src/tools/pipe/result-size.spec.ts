import { bytesOfBlock, isLongerThan } from './result-size.js';

describe('isLongerThan', () => {
  it.each([
    ['a text', 'x'.repeat(50)],
    ['a list', Array.from({ length: 30 }, () => 7)],
    ['names', { ['n'.repeat(50)]: 1 }],
    ['what is deep inside', { a: [{ b: [{ c: 'x'.repeat(50) }] }] }],
    ['what a value says of itself', { toJSON: () => 'x'.repeat(50) }],
    ['bytes', Buffer.alloc(30)],
  ])('counts %s', (_what, value) => {
    expect(isLongerThan(value, 40)).toBe(true);
    expect(isLongerThan(value, 1000)).toBe(false);
  });

  it('never says so of what is not', () => {
    for (const value of [
      '',
      'text',
      0,
      -1.5,
      true,
      null,
      undefined,
      [],
      {},
      [1, 'a', { b: [], c: undefined }],
      new Date(),
    ])
      expect(isLongerThan(value, JSON.stringify(value)?.length ?? 1)).toBe(false);
  });

  it('does not look at what comes after the limit', () => {
    let looks = 0;
    const endless = new Proxy([], {
      get: (list, name) => {
        if (name === 'length') return 2 ** 32 - 1;
        if (typeof name === 'string' && /^\d+$/.test(name)) return `${looks++}`.padEnd(100);
        return Reflect.get(list, name) as unknown;
      },
    });
    expect(isLongerThan(endless, 1_000_000)).toBe(true);
    expect(looks).toBeLessThan(10_001);
  });

  it('leaves what holds itself to others', () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    expect(isLongerThan(circle, 1_000_000)).toBe(false);
  });
});

describe('bytesOfBlock', () => {
  it('counts more than the text of a block that has more', () => {
    expect(bytesOfBlock({ type: 'text', text: '客' })).toBe(3);
    expect(bytesOfBlock({ type: 'text', text: '', _meta: { more: 'x'.repeat(1000) } })).toBeGreaterThan(1000);
    const resource = { uri: 'a:b', text: 'x'.repeat(1000) };
    expect(bytesOfBlock({ type: 'resource', text: '', resource })).toBeGreaterThan(1000);
  });
});
