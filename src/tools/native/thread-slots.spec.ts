import { Stopped } from './stopped.js';
import { NoThreadError, ThreadSlots } from './thread-slots.js';

describe('ThreadSlots', () => {
  const never = new AbortController().signal;
  /** Notes who got a place, or why not, in order. */
  const ask = (slots: ThreadSlots, tenant: string, log: string[], signal = never) =>
    slots.take(tenant, signal).then(
      (release) => {
        log.push(tenant);
        return release;
      },
      (error: Error) => {
        log.push(`${tenant} ${error.constructor.name}`);
      },
    );
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('serves tenants in turns, however many calls one of them has waiting', async () => {
    const [slots, log] = [new ThreadSlots(1, 10), [] as string[]];
    const first = await ask(slots, 'loud', log);
    const releases = ['loud', 'loud', 'loud', 'quiet', 'third'].map((tenant) => ask(slots, tenant, log));
    first?.();
    for (const turn of [0, 3, 4, 1, 2]) (await releases[turn])?.();
    expect(log).toEqual(['loud', 'loud', 'quiet', 'third', 'loud', 'loud']);
    expect([slots.running, slots.waiting]).toEqual([0, 0]);
  });

  it('takes the place in a full line from who has most of it', async () => {
    const [slots, log] = [new ThreadSlots(1, 3), [] as string[]];
    await ask(slots, 'loud', log);
    for (const tenant of ['loud', 'loud', 'loud', 'quiet', 'quiet', 'loud']) void ask(slots, tenant, log);
    await settled();
    expect(log.toSorted()).toEqual([
      'loud',
      'loud NoThreadError',
      'loud NoThreadError',
      'quiet NoThreadError',
    ]);
    expect(slots.waiting).toBe(3);
  });

  it('refuses when nobody may wait', async () => {
    const slots = new ThreadSlots(1, 0);
    await slots.take('a', never);
    await expect(slots.take('b', never)).rejects.toThrow(NoThreadError);
  });

  it('tells who is stopped in the line that the tool did not begin, and forgets them', async () => {
    const [slots, log] = [new ThreadSlots(1, 3), [] as string[]];
    const first = await ask(slots, 'a', log);
    const stop = new AbortController();
    const waiting = ask(slots, 'b', log, stop.signal);
    const reason = new Stopped('timeout', 'too late');
    stop.abort(reason);
    await waiting;
    expect([reason.didBegin, slots.waiting]).toEqual([false, 0]);
    first?.();
    expect(slots.running).toBe(0);
    await expect(slots.take('b', stop.signal)).rejects.toBe(reason);
    expect(slots.running).toBe(0);
  });
});
