import { createHash } from 'node:crypto';
import type { GroupKeyCaller, UserCaller } from '../caller.js';
import { bucketOf, isOnFor } from './rollout.js';

const user = (userId: string, roles: string[] = ['customer']): UserCaller => ({
  kind: 'user',
  tenantId: 't',
  userId,
  email: `${userId}@example.test`,
  roles,
  tier: 'standard',
  isOperatingTenant: false,
});
const rule = { name: 'new-page', enabled: true, percentage: 100, roles: [] };
const people = Array.from({ length: 2000 }, (_, number) => user(`user-${number}`));

describe('a feature switch', () => {
  it('is the documented hash', () => {
    const digest = createHash('sha256').update('new-page:user-1').digest('hex');
    expect(bucketOf('new-page', 'user-1')).toBe(Number.parseInt(digest.slice(0, 8), 16) % 10_000);
  });

  it('takes nobody out when the percentage rises', () => {
    let before: UserCaller[] = [];
    for (let percentage = 0; percentage <= 100; percentage += 1) {
      const now = people.filter((person) => isOnFor({ ...rule, percentage }, person));
      expect(before.every((person) => now.includes(person))).toBe(true);
      before = now;
    }
    expect(before).toHaveLength(people.length);
  });

  it('reaches about as many as it says, none at 0', () => {
    const share = (percentage: number) =>
      people.filter((person) => isOnFor({ ...rule, percentage }, person)).length / people.length;
    expect(share(0)).toBe(0);
    expect(Math.abs(share(30) - 0.3)).toBeLessThan(0.04);
  });

  it('does not begin with the same people for every feature', () => {
    const first = (name: string) =>
      people.filter((person) => isOnFor({ ...rule, name, percentage: 10 }, person));
    const both = first('one').filter((person) => first('other').includes(person));
    expect(both.length).toBeLessThan(first('one').length / 2);
  });

  it('is for its roles, and for nobody when it is off', () => {
    const key: GroupKeyCaller = { kind: 'group_key', tenantId: 't', groupId: 'g', keyId: 'k' };
    const forAdmins = { ...rule, roles: ['admin'] };
    expect(isOnFor(forAdmins, user('1', ['admin', 'owner']))).toBe(true);
    expect(isOnFor(forAdmins, user('1'))).toBe(false);
    expect(isOnFor(forAdmins, key)).toBe(false);
    expect(isOnFor(rule, key)).toBe(true);
    expect(isOnFor({ ...rule, enabled: false }, user('1'))).toBe(false);
  });
});
