import { findBaseUrlProblem, normalizeBaseUrl } from './base-url.js';

describe('normalizeBaseUrl', () => {
  it.each([
    ['https://api.dify.ai/v1', 'https://api.dify.ai/v1'],
    ['https://api.dify.ai/v1/', 'https://api.dify.ai/v1'],
    ['https://api.dify.ai', 'https://api.dify.ai/v1'],
    ['https://example.com/dify//', 'https://example.com/dify/v1'],
    ['HTTP://Dify.Local:80', 'http://dify.local/v1'],
  ])('makes of %s %s', (given, stored) => {
    expect(normalizeBaseUrl(given)).toBe(stored);
  });
});

describe('findBaseUrlProblem', () => {
  it.each(['https://api.dify.ai/v1', 'http://8.8.8.8', 'https://[2606:4700::1]/v1'])(
    'lets %s pass',
    (url) => {
      expect(findBaseUrlProblem(url, false)).toBeNull();
    },
  );

  it.each(['', 'javascript:alert(1)', 'https://u@x.example', 'https://x.example/?', 'https://x.example/#'])(
    'refuses %s',
    (url) => {
      expect(findBaseUrlProblem(url, true)).toMatch(/^must /);
    },
  );

  it('counts the characters of what is stored', () => {
    expect(findBaseUrlProblem(`https://x.example/${'ü'.repeat(400)}`, true)).toBe(
      'must have at most 500 characters',
    );
    expect(findBaseUrlProblem(`https://x.example/${'u'.repeat(482)}`, true)).toBeNull();
  });

  it.each(['http://0x7f.1/v1', 'http://127.1', 'http://[::ffff:10.0.0.1]/'])(
    'knows a private address also when it is written as %s',
    (url) => {
      expect([findBaseUrlProblem(url, false), findBaseUrlProblem(url, true)]).toEqual([
        expect.stringContaining('private'),
        null,
      ]);
    },
  );
});
