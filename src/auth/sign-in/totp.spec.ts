import { Secret } from 'otpauth';
import { newRecoveryCodes, newTotpSecret, normalizeRecoveryCode, otpauthUri, stepOfCode } from './totp.js';

/** RFC 6238, appendix B: the key of its SHA-1 vectors, which have eight digits; the last six are ours. */
const KEY = Secret.fromUTF8('12345678901234567890').base32;

describe('TOTP', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ])('knows the code of RFC 6238 at %d seconds', (seconds, code) => {
    expect(stepOfCode(KEY, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  it('takes the code of one step before and after, and tells which it was', () => {
    expect(stepOfCode(KEY, '287082', 89_000)).toBe(1);
    expect(stepOfCode(KEY, '287082', 29_000)).toBe(1);
    expect(stepOfCode(KEY, '287082', 120_000)).toBeNull();
    expect(stepOfCode(KEY, '28708', 59_000)).toBeNull();
  });

  it('makes an address that apps read', () => {
    const secret = newTotpSecret();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const uri = new URL(otpauthUri(secret, 'emma@example.test'));
    expect(uri.protocol).toBe('otpauth:');
    expect(uri.searchParams.get('secret')).toBe(secret);
    expect(uri.searchParams.get('issuer')).toBe('Toolcrib');
  });

  it('makes recovery codes that people can type', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[a-z2-9]{5}-[a-z2-9]{5}$/);
    expect(normalizeRecoveryCode(' AB3de-fgh45 ')).toBe('ab3defgh45');
  });
});
