import { findAddressProblem, findIssuerProblem } from './issuer-rules.js';

const STRICT = { loopbackHttp: false, privateNetworks: false };
const WITH_LOOPBACK = { ...STRICT, loopbackHttp: true };

describe('findIssuerProblem', () => {
  it.each(['https://login.example.com/realms/acme', 'https://login.example.com', 'https://1.1.1.1'])(
    'takes %s',
    (issuer) => {
      expect(findIssuerProblem(issuer, STRICT)).toBeNull();
    },
  );

  it.each([
    ['http://login.example.com', WITH_LOOPBACK],
    ['http://169.254.169.254/latest', WITH_LOOPBACK],
    ['http://localhost.example.com', WITH_LOOPBACK],
    ['http://localhost:4000', STRICT],
    ['file:///etc/passwd', WITH_LOOPBACK],
    ['https://user:secret@login.example.com', WITH_LOOPBACK],
    ['https://login.example.com/?x=1', WITH_LOOPBACK],
    ['https://login.example.com/#x', WITH_LOOPBACK],
    ['nonsense', WITH_LOOPBACK],
    ['https://127.0.0.1:8443', WITH_LOOPBACK],
    ['https://10.0.0.5/realms/acme', STRICT],
    ['https://[fd00::1]', STRICT],
    ['https://169.254.169.254', { loopbackHttp: true, privateNetworks: true }],
  ])('refuses %s under %j', (issuer, rules) => {
    expect(findIssuerProblem(issuer, rules)).not.toBeNull();
  });

  it.each(['http://localhost:4000', 'http://127.0.0.1:4000/x', 'http://[::1]:4000'])(
    'takes %s where the setting allows it',
    (issuer) => {
      expect(findIssuerProblem(issuer, WITH_LOOPBACK)).toBeNull();
    },
  );

  it('takes a provider in a private network where the setting allows it', () => {
    expect(findIssuerProblem('https://10.0.0.5', { ...STRICT, privateNetworks: true })).toBeNull();
  });
});

describe('findAddressProblem', () => {
  it('takes the query of an address that a provider names', () => {
    expect(findAddressProblem('https://login.example.com/token?tenant=1', STRICT)).toBeNull();
  });
});
