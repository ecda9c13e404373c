import { judgeUpkeep } from './holder-checks.js';

describe('judgeUpkeep', () => {
  const FINE = { queue: 0, autovacuum: true, unfrozen: 150_000_000 };
  const warnings = (facts: object) =>
    judgeUpkeep({ ...FINE, ...facts }).flatMap(({ name, status, message }) =>
      status === 'ok' ? [] : [`${name} ${message}`],
    );

  it('finds a server well that keeps up', () => expect(warnings({})).toEqual([]));

  it.each([
    [{ queue: 0.42 }, /^news of changes fill 42 % of the server's queue/],
    [{ autovacuum: false }, /^autovacuum is off/],
    [{ unfrozen: 1_500_000_000 }, /^autovacuum does not keep up: 1500000000/],
  ])('warns of %j', (facts, message) => {
    expect(warnings(facts)).toEqual([expect.stringMatching(message)]);
  });
});
