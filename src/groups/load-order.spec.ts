import { ALL_GROUPS, LoadOrder, type Turn } from './load-order.js';

const group = { groupId: 'group', tenantId: 'tenant' };

describe('LoadOrder', () => {
  const begin = (order: LoadOrder) => {
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    let turn!: Turn;
    const done = order.run((given) => {
      turn = given;
      return end;
    });
    return { turn, finish: () => (finish(), done) };
  };

  it('lets a load end beside one that hangs, and that one not put back what it read before', () => {
    const order = new LoadOrder();
    const hanging = begin(order);
    const later = begin(order);
    expect(later.turn.mayRule(group)).toBe(true);
    expect(hanging.turn.mayRule(group)).toBe(false);
    expect(hanging.turn.mayRule({ ...group, groupId: 'another' })).toBe(true);
  });

  it.each([group.tenantId, ALL_GROUPS])('keeps away what a later load of all (%s) did not find', (owner) => {
    const order = new LoadOrder();
    const hanging = begin(order);
    begin(order).turn.ruleAllOf(owner);
    expect(hanging.turn.mayRule(group)).toBe(false);
    expect(begin(order).turn.mayRule(group)).toBe(true);
  });

  it('forgets what held once nothing is under way', async () => {
    const order = new LoadOrder();
    const first = begin(order);
    const second = begin(order);
    second.turn.mayRule(group);
    await Promise.all([first.finish(), second.finish()]);
    expect(begin(order).turn.mayRule(group)).toBe(true);
  });
});
