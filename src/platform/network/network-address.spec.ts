import { isAddressAllowed } from './network-address.js';

describe('isAddressAllowed', () => {
  it.each([
    '10.1.2.3',
    '127.0.0.1',
    '192.168.1.1',
    '172.31.0.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fec0::1',
    '2001::1',
    '::10.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '2002:a00:1::',
    '192.0.2.1',
    '2001:db8::1',
  ])('lets %s pass only where private networks are allowed', (address) => {
    expect([isAddressAllowed(address, false), isAddressAllowed(address, true)]).toEqual([false, true]);
  });

  it.each([
    '169.254.169.254',
    'fe80::1',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
    '100.100.100.200',
    '192.0.0.192',
    '::ffff:100.100.100.200',
    '64:ff9b::a9fe:a9fe',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '::ffff:0:168.63.129.16',
    '::ffff:0:169.254.169.254',
    '::169.254.169.254',
    '64:ff9b::168.63.129.16',
    '64:ff9b:1::169.254.169.254',
    '2002:a9fe:a9fe::1',
    'fd20:ce::254',
    'fd00:c1::a9fe:a9fe',
    'fd00:42::42',
    'fe80::1%eth0',
  ])('never lets %s pass', (address) => {
    expect(isAddressAllowed(address, true)).toBe(false);
  });

  it.each(['1.1.1.1', '172.32.0.1', '2606:4700::1111'])('lets %s pass', (address) => {
    expect(isAddressAllowed(address, false)).toBe(true);
  });
});
