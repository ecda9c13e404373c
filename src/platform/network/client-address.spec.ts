import type { IncomingMessage } from 'node:http';
import { clientAddress, compileNetworks, compileTrust, isNetwork, isWithin } from './client-address.js';

const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('clientAddress', () => {
  it.each([
    ['no setting', undefined, '10.0.0.1', '1.2.3.4', '10.0.0.1'],
    ['one hop', '1', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['one hop, more named', '1', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['a trusted network', '10.0.0.0/8', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9', '1.2.3.4'],
    ['a network that is not trusted', '10.0.0.0/8', '11.0.0.1', '1.2.3.4', '11.0.0.1'],
    ['IPv4 over IPv6', undefined, '::ffff:9.8.7.6', undefined, '9.8.7.6'],
    ['loopback by name', 'loopback', '127.0.0.1', '2001:db8::1', '2001:db8::1'],
  ])('with %s', (_what, setting, remote, forwarded, expected) => {
    expect(clientAddress(from(remote, forwarded), compileTrust(setting))).toBe(expected);
  });
});

describe('networks', () => {
  it.each(['10.0.0.0/8', '192.168.1.7', '2001:db8::/32', '::1'])('takes %s', (text) => {
    expect(isNetwork(text)).toBe(true);
  });
  it.each(['', 'x', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/8/8', '10.0.0.0/-1'])(
    'refuses %s',
    (text) => {
      expect(isNetwork(text)).toBe(false);
    },
  );

  it('knows who is inside', () => {
    const list = compileNetworks(['10.0.0.0/8', '2001:db8::/32', '1.2.3.4'])!;
    const inside = ['10.255.0.1', '2001:db8:1::1', '1.2.3.4', '11.0.0.1', '1.2.3.5', '', 'x'].map((address) =>
      isWithin(list, address),
    );
    expect(inside).toEqual([true, true, true, false, false, false, false]);
    expect(compileNetworks([])).toBeUndefined();
  });
});
