import { findIssuerProblem } from './issuer-rules.js';

describe('findIssuerProblem', () => {
  it.each(['https://login.example.com/realms/acme', 'https://login.example.com'])('takes %s', (issuer) => {
    expect(findIssuerProblem(issuer, false)).toBeNull();
  });

  it.each([
    ['http://login.example.com', true],
    ['http://169.254.169.254/latest', true],
    ['http://localhost.example.com', true],
    ['http://localhost:4000', false],
    ['file:///etc/passwd', true],
    ['https://user:secret@login.example.com', true],
    ['https://login.example.com/?x=1', true],
    ['https://login.example.com/#x', true],
    ['nonsense', true],
  ])('refuses %s (loopback allowed: %s)', (issuer, allowed) => {
    expect(findIssuerProblem(issuer, allowed)).not.toBeNull();
  });

  it.each(['http://localhost:4000', 'http://127.0.0.1:4000/x', 'http://[::1]:4000'])(
    'takes %s where the setting allows it',
    (issuer) => {
      expect(findIssuerProblem(issuer, true)).toBeNull();
    },
  );
});
