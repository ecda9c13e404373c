import { standingAfter, type UpstreamEvent, type UpstreamStanding, waitAfter } from './upstream-state.js';

const now = new Date('2026-12-01T00:00:00Z');
const first: UpstreamStanding = { state: 'connecting', reason: null, failures: 0, nextTryAt: null };
const failed = { kind: 'failed', reason: 'x' } as const;
const after = (standing: UpstreamStanding, event: UpstreamEvent, hasTools = true) =>
  standingAfter(standing, event, { now, hasTools });

describe('standingAfter (pitfall 4: one state machine)', () => {
  it('degrades what worked once, fails what never did, and heals both', () => {
    expect(after(first, failed).state).toBe('degraded');
    expect(after(first, failed, false).state).toBe('failed');
    expect(after(after(first, failed, false), { kind: 'read' })).toEqual({ ...first, state: 'ready' });
  });

  it('waits longer after each failure, five minutes at most', () => {
    expect([1, 2, 3, 9, 10, 1000].map(waitAfter)).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000]);
  });

  it('holds to its promises after any order of events', () => {
    const events: readonly UpstreamEvent[] = [
      { kind: 'read' },
      failed,
      { kind: 'sign_in_needed', reason: 'y' },
      { kind: 'disabled' },
      { kind: 'changed' },
    ];
    let seed = 7;
    let standing = first;
    for (let step = 0; step < 20_000; step++) {
      seed = (seed * 48_271) % 2_147_483_647;
      const event = events[seed % events.length];
      const next = after(standing, event, seed % 2 === 0);
      const { state, reason, failures, nextTryAt } = next;
      const isWell = ['ready', 'off', 'connecting'].includes(state);
      expect(standing.state !== 'off' || event.kind === 'changed' || state === 'off').toBe(true);
      expect(isWell).toBe(reason === null && failures === 0);
      expect(nextTryAt !== null).toBe(['degraded', 'failed'].includes(state));
      standing = next;
    }
  });
});
