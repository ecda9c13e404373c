import type { IncomingMessage } from 'node:http';
import { ClientAddressReader, compileNetworks, isNetwork, isWithin } from './client-address.js';

type Header = 'x-forwarded-for' | 'forwarded';
const from = (remoteAddress: string, headers: Partial<Record<Header, string>>) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;
const behindOne = new ClientAddressReader({ TRUST_PROXY: '1' });

describe('the address of a client', () => {
  it.each([
    ['no setting', undefined, '10.0.0.1', '1.2.3.4', '10.0.0.1'],
    ['one hop', '1', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['one hop, more named', '1', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['more hops than named', '9', '10.0.0.1', '1.2.3.4, 10.0.0.2', '1.2.3.4'],
    ['a trusted network', '10.0.0.0/8', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9', '1.2.3.4'],
    ['a trusted network, with ports', '10.0.0.0/8', '10.0.0.1', '6.6.6.6, 1.2.3.4:5, 10.9.9.9:6', '1.2.3.4'],
    ['a network that is not trusted', '10.0.0.0/8', '11.0.0.1', '1.2.3.4', '11.0.0.1'],
    ['IPv4 over IPv6', undefined, '::ffff:9.8.7.6', '', '9.8.7.6'],
    ['a link-local proxy with its zone', 'fe80::/10', 'fe80::1%eth0', '1.2.3.4', '1.2.3.4'],
    ['loopback by name', 'loopback', '127.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['nothing told', 'loopback', '127.0.0.1', ' , ', '127.0.0.1'],
  ])('with %s', (_what, setting, remote, forwarded, expected) => {
    const addresses = new ClientAddressReader({ TRUST_PROXY: setting });
    expect(addresses.of(from(remote, { 'x-forwarded-for': forwarded }))).toBe(expected);
  });

  it.each([
    ['1.2.3.4:56789', '1.2.3.4'],
    ['"1.2.3.4"', '1.2.3.4'],
    ['[2001:DB8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['"[2001:db8::1]:443"', '2001:db8::1'],
    ['2001:0db8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:80', 'fe80::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['[::FFFF:102:304]:9', '1.2.3.4'],
    ['1.2.3.4,', '1.2.3.4'],
    ['unknown', 'unknown'],
    ['1.2.3', 'unknown'],
    ['1.2.3.4:5:6', 'unknown'],
    ['[1.2.3.4', 'unknown'],
    ['x'.repeat(500), 'unknown'],
  ])('is read from X-Forwarded-For: %s', (header, expected) => {
    expect(behindOne.of(from('10.0.0.1', { 'x-forwarded-for': header }))).toBe(expected);
  });

  it.each([
    ['for=1.2.3.4', '1.2.3.4'],
    ['For="[2001:db8:cafe::17]:4711";proto=https;by=203.0.113.43', '2001:db8:cafe::17'],
    ['proto=http ; for="1.2.3.4:80"', '1.2.3.4'],
    ['for=6.6.6.6, for=1.2.3.4;host="a,b;for=7.7.7.7"', '1.2.3.4'],
    ['for="1.2\\.3.4"', '1.2.3.4'],
    ['for=[2001:db8::1]:80', '2001:db8::1'],
    ['for=6.6.6.6,, for=1.2.3.4,', '1.2.3.4'],
    ['for=6.6.6.6, for=unknown', 'unknown'],
    ['for=6.6.6.6, for=_hidden', 'unknown'],
    ['for=6.6.6.6, proto=https', 'unknown'],
    ['for=6.6.6.6;x=", for=1.2.3.4', 'unknown'],
    ['for=6.6.6.6;x="\\", for="[2001:db8::1]"', 'unknown'],
  ])('is read from Forwarded: %s', (header, expected) => {
    expect(behindOne.of(from('10.0.0.1', { forwarded: header }))).toBe(expected);
  });

  it('is read from the header that the proxies write, and of the two only from it', () => {
    const both = from('10.0.0.1', { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=2.2.2.2' });
    const read = (header?: Header) =>
      new ClientAddressReader({ TRUST_PROXY: '1', TRUST_PROXY_HEADER: header }).of(both);
    expect([read(), read('x-forwarded-for'), read('forwarded')]).toEqual(['1.1.1.1', '1.1.1.1', '2.2.2.2']);
    const strict = new ClientAddressReader({ TRUST_PROXY: '1', TRUST_PROXY_HEADER: 'x-forwarded-for' });
    expect(strict.of(from('10.0.0.1', { forwarded: 'for=2.2.2.2' }))).toBe('10.0.0.1');
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
