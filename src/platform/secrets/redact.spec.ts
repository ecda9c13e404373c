import { redactText, toLogJson } from './redact.js';

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
    '"token":"',
    "'token': '",
    '\\\\"pin\\\\":',
    'https://hooks.slack.com/services/',
    '-----BEGIN PRIVATE KEY-----\nA: b\n',
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

  const NAMES = [
    'api_token apiToken X-API-Token csrf_token xsrfToken bot.token db_pass dbPass user_pwd dbpwd pin_code pinCode passcode',
    'signing_key signingKey encryption-key jwt userJwt otp_code cvv session_key connectionString',
    '密钥 短信验证码 登录密码 token TOKEN',
  ].flatMap((names) => names.split(' '));

  it.each(NAMES)('takes %s for a secret, wherever the member stands', (name) => {
    const json = JSON.stringify({ [name]: 'hush"\\', n: 1 });
    const redacted = JSON.stringify({ [name]: '[redacted]', n: 1 });
    const escaped = (text: string) => JSON.stringify(text).slice(1, -1);
    expect(log({ [name]: { deep: 'hush' } })).toEqual({ [name]: '[redacted]' });
    expect(log(json)).toBe(redacted);
    expect(log(`it said ${json} and more`)).toBe(`it said ${redacted} and more`);
    expect(log(`it said ${escaped(json)} and more`)).toBe(`it said ${escaped(redacted)} and more`);
    expect(redactText(`it said ${escaped(escaped(json))}!`)).toBe(`it said ${escaped(escaped(redacted))}!`);
    expect(redactText(`got {'${name}': 'hush', 'n': 1}`)).toBe(`got {'${name}': '[redacted]', 'n': 1}`);
    expect(redactText(`got {"${name}": 1234, "n": 1}`)).toBe(`got {"${name}": "[redacted]", "n": 1}`);
    expect(redactText(`cut: {"${name}": "hush`)).toBe(`cut: {"${name}": "[redacted]`);
  });

  it('reads names as other languages escape them', () => {
    expect(log('{"\\u5bc6\\u7801": "hush"}')).toBe('{"密码":"[redacted]"}');
  });

  it.each([
    'next_page_token',
    'nextToken',
    'progressToken',
    'tokens',
    'compass',
    'passenger',
    'pin_map',
    'spin',
    'monkey',
  ])('takes %s for none', (name) => {
    expect(log({ [name]: 'kept', password: 1 })).toMatchObject({ [name]: 'kept' });
    expect(redactText(`it said {"${name}":"kept","password":"x"}`)).toContain('"kept"');
  });

  const BLOCK = [
    '-----BEGIN PGP PRIVATE KEY BLOCK-----',
    'Version: GnuPG v2',
    '',
    'lQOYBF+/a=',
    '=abcd',
    '-----END PGP PRIVATE KEY BLOCK-----',
  ];
  const ENCRYPTED = [
    '-----BEGIN RSA PRIVATE KEY-----',
    'Proc-Type: 4,ENCRYPTED',
    'DEK-Info: AES-128-CBC,0A1B',
    '',
    'MIIEow+/=',
    'abc',
    '-----END RSA PRIVATE KEY-----',
  ];

  it.each([
    ...['\n', '\r\n', '\\n', '\\r\\n', '\\\\n', ' '].flatMap((end) => [
      ENCRYPTED.join(end),
      BLOCK.join(end),
      ['-----BEGIN ENCRYPTED PRIVATE KEY-----', 'MIIE', '-----END ENCRYPTED PRIVATE KEY-----'].join(end),
    ]),
    `dataset-${'a1B2'.repeat(6)}`,
    `hf_${'a'.repeat(34)}`,
    `gsk_${'a'.repeat(52)}`,
    `GOCSPX-${'a-'.repeat(14)}`,
    `SG.${'a'.repeat(22)}.${'b'.repeat(43)}`,
    `https://hooks.slack.com/services/T${'0'.repeat(9)}/B${'0'.repeat(9)}/${'x'.repeat(24)}`,
    `https://discord.com/api/webhooks/123456789/${'x'.repeat(60)}`,
    `https://open.feishu.cn/open-apis/bot/v2/hook/${'0-'.repeat(18)}`,
  ])('takes %j for a secret', (secret) => {
    expect(redactText(`so: ${secret}, then`)).toBe('so: [redacted], then');
    expect(log({ note: `so: ${secret}, then` })).toEqual({ note: 'so: [redacted], then' });
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
