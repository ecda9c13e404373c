import { clientOf } from '../../platform/network/client-network.js';
import { delayMinutes } from './lockout-delay.js';

describe('delayMinutes', () => {
  it('grows from one minute to fifteen and no further', () => {
    const delays = Array.from({ length: 12 }, (_, i) => delayMinutes(i + 1, 5));
    expect(delays).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15, 15]);
    expect(delayMinutes(1_000_000, 5)).toBe(15);
  });
});

describe('clientOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('counts %s as %s', (ip, network) => {
    expect(clientOf(ip)).toBe(network);
  });
});
