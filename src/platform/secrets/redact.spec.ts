import { toLogJson } from './redact.js';

const log = (value: unknown, maxBytes = 65_536): unknown => JSON.parse(toLogJson(value, maxBytes) ?? 'null');

describe('toLogJson', () => {
  it.each([
    [
      { password: 'a', Passwd: 1, user: 'b' },
      { password: '[redacted]', Passwd: '[redacted]', user: 'b' },
    ],
    [
      { apiKey: 'a', 'X-API-Key': 'b', api_key: { deep: 1 } },
      { apiKey: '[redacted]', 'X-API-Key': '[redacted]', api_key: '[redacted]' },
    ],
    [{ headers: [{ Authorization: 'Basic x' }] }, { headers: [{ Authorization: '[redacted]' }] }],
    [
      { access_token: 'a', next_page_token: 'kept', tokens: 5 },
      { access_token: '[redacted]', next_page_token: 'kept', tokens: 5 },
    ],
    [{ note: 'use Bearer abcdefghij now' }, { note: 'use [redacted] now' }],
    [
      { pwd: 'a', Pass: 'b', pin: 1234, OTP: '1', 登录密码: 'c', passenger: 'kept', spin: 'kept' },
      {
        pwd: '[redacted]',
        Pass: '[redacted]',
        pin: '[redacted]',
        OTP: '[redacted]',
        登录密码: '[redacted]',
        passenger: 'kept',
        spin: 'kept',
      },
    ],
    [{ note: 'Basic dXNlcjpwYXNzd29yZA== it is' }, { note: '[redacted] it is' }],
    [{ note: 'basic understanding of things' }, { note: 'basic understanding of things' }],
    [{ note: `xoxb-${'1'.repeat(10)}-abcdefghij!` }, { note: '[redacted]!' }],
    [{ note: `see AIza${'a1'.repeat(17)}b.` }, { note: 'see [redacted].' }],
    [{ note: `glpat-${'a'.repeat(20)}, npm_${'b'.repeat(36)}` }, { note: '[redacted], [redacted]' }],
    [{ note: `github_pat_${'a'.repeat(40)}` }, { note: '[redacted]' }],
    [
      { note: 'so:\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\nabc\n-----END RSA PRIVATE KEY-----\nthen' },
      { note: 'so:\n[redacted]\nthen' },
    ],
    [{ note: `key mcp_key_${'a'.repeat(49)}!` }, { note: 'key [redacted]!' }],
    [{ note: `key tcp_${'a'.repeat(49)}!` }, { note: 'key [redacted]!' }],
    [{ note: `key whsec_${'a+/'.repeat(14)}a=!` }, { note: 'key [redacted]!' }],
    [{ note: 'set tcp_fastopen_blackhole_timeout_sec' }, { note: 'set tcp_fastopen_blackhole_timeout_sec' }],
    ['{"password":"a","b":1}', '{"password":"[redacted]","b":1}'],
    [
      { plain: 'text', n: null },
      { plain: 'text', n: null },
    ],
  ])('%j', (value, expected) => {
    expect(log(value)).toEqual(expected);
  });

  it.each([
    'eyJ-',
    'mcp_key_a ',
    'tcp_',
    'whsec_',
    'Bearer ',
    'sk-',
    'xoxb-',
    'Basic ',
    'Basic a',
    'glpat-',
    '-----BEGIN PRIVATE KEY-----',
    '{"token":',
    '\\\\',
    '\u0000',
  ])('reads a megabyte of %j in one pass', (look) => {
    // Would take minutes if a look-alike were tried again at each of its letters; the test's own limit is the judge.
    expect(toLogJson(look.repeat(1_000_000 / look.length), 1000)?.length).toBeLessThan(5000);
  });

  it('is null for nothing', () => {
    expect(toLogJson(undefined, 100)).toBeNull();
  });

  it('keeps an escaped backslash before u0000 as it is', () => {
    expect(log('\\u0000 stays, \u0000 goes')).toBe('\\u0000 stays, \uFFFD goes');
  });

  it('cuts at the limit in bytes, at a character boundary', () => {
    const cut = log('€'.repeat(100), 100) as { truncated: boolean; bytes: number; preview: string };
    expect(cut).toMatchObject({ truncated: true, bytes: 302 });
    expect(cut.preview).toMatch(/^"€+$/);
  });
});
