import {
  findEndpointProblem,
  findHostProblem,
  findTemplateProblem,
  findUrlProblem,
} from './endpoint-rules.js';

describe('findUrlProblem', () => {
  it.each(['https://example.com/hook?a=1', 'http://8.8.8.8:8080/', 'https://[2606:4700::1]/x'])(
    'lets %s pass',
    (url) => {
      expect(findUrlProblem(url, false)).toBeNull();
    },
  );

  it.each([
    '',
    'ftp://example.com',
    'javascript:alert(1)',
    'https://u:p@example.com',
    'https://example.com/#x',
  ])('refuses %s', (url) => {
    expect(findUrlProblem(url, true)).not.toBeNull();
  });

  it.each([
    'http://127.0.0.1/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://10.0.0.1',
    'http://169.254.169.254/',
  ])('knows %s as a private address', (url) => {
    expect(findUrlProblem(url, false)).toContain('private network');
  });

  it('never lets link-local addresses pass', () => {
    expect(findUrlProblem('http://169.254.169.254/latest', true)).toContain('private network');
  });
});

describe('findTemplateProblem', () => {
  it.each(['https://example.com/{token}.send', 'https://example.com/send?k={token}', 'https://example.com/'])(
    'lets %s pass',
    (url) => {
      expect(findTemplateProblem(url, false)).toBeNull();
    },
  );

  it.each(['https://{token}/x', 'https://{token}.example.com/x', 'https://example.com:{token}/', '{token}'])(
    'refuses %s: a token would choose the host',
    (url) => {
      expect(findTemplateProblem(url, false)).not.toBeNull();
    },
  );
});

describe('findEndpointProblem', () => {
  it('wants https, but in tests', () => {
    expect(findEndpointProblem('http://push.example.com/1', false)).toBe('must begin with https://');
    expect(findEndpointProblem('http://push.example.com/1', true)).toBeNull();
  });
});

describe('findHostProblem', () => {
  it.each(['smtp.example.com', 'localhost', '8.8.8.8', 'a-1.b'])('lets %s pass', (host) => {
    expect(findHostProblem(host, false)).toBeNull();
  });

  it.each(['', '10.0.0.1', '::1', 'a b', 'x\r\ny', '-a.example', 'http://x', '0x7f000001', '2130706433'])(
    'refuses %j',
    (host) => {
      expect(findHostProblem(host, false)).not.toBeNull();
    },
  );
});
