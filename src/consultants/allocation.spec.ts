import { choose, type Consultant, mayServe } from './allocation.js';

const consultant = (id: string, more: Partial<Consultant> = {}): Consultant => ({
  id,
  name: id,
  skills: [],
  level: 1,
  maxOpenCustomers: 3,
  available: true,
  openCustomers: 0,
  offeredCustomers: 0,
  online: true,
  ...more,
});
const [a, b, c] = ['a', 'b', 'c'].map((id) => consultant(id));
const wanted = (lastOfferedTo: string | null = null, tags: string[] = []) => ({ lastOfferedTo, tags });

describe('choose', () => {
  it('offers to nobody alone when claiming is free, and to nobody when nobody is there', () => {
    expect(choose('free', [a, b], wanted())).toBeUndefined();
    expect(choose('round_robin', [], wanted())).toBeUndefined();
  });

  it('goes round by id, also past one who is gone', () => {
    const turns = [null, 'a', 'b', 'c', 'bb'].map(
      (last) => choose('round_robin', [c, a, b], wanted(last))?.id,
    );
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'c']);
  });

  it('takes who has least to do, what is offered included, and goes round among equals', () => {
    const busy = consultant('a', { openCustomers: 1 });
    const offered = consultant('b', { offeredCustomers: 2 });
    expect(choose('least_busy', [offered, busy], wanted())?.id).toBe('a');
    expect(choose('least_busy', [busy, b, c], wanted('b'))?.id).toBe('c');
    expect(choose('least_busy', [busy, b, c], wanted('c'))?.id).toBe('b');
  });

  it('takes who knows most of what is wanted, then who has least to do', () => {
    const laser = consultant('a', { skills: ['Laser', 'vip'], openCustomers: 2 });
    const vip = consultant('b', { skills: ['vip'] });
    expect(choose('by_skill', [vip, laser, c], wanted(null, ['vip', 'laser']))?.id).toBe('a');
    expect(choose('by_skill', [vip, laser, c], wanted(null, ['filler']))?.id).toBe('b');
    const calm = consultant('c', { skills: ['laser', 'vip'] });
    expect(choose('by_skill', [laser, calm], wanted(null, ['vip', 'laser']))?.id).toBe('c');
  });
});

describe('mayServe', () => {
  it('asks whether they are available and have room', () => {
    expect(mayServe(a)).toBe(true);
    expect(mayServe(consultant('a', { available: false }))).toBe(false);
    expect(mayServe(consultant('a', { openCustomers: 3 }))).toBe(false);
  });
});
