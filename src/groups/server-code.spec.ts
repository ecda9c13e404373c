import { findServerCodeProblem, generateServerCode } from './server-code.js';

describe('server codes', () => {
  it('are generated readable and valid', () => {
    for (let i = 0; i < 500; i += 1) {
      const code = generateServerCode();
      expect(code).toMatch(/^[a-z]+-[a-z]+-[2-9a-hjkmnp-z]{5}$/);
      expect(findServerCodeProblem(code)).toBeNull();
    }
  });

  it.each(['abc', '0-0', 'a'.repeat(32), 'customer-service', 'mcp2'])('may be %s', (code) => {
    expect(findServerCodeProblem(code)).toBeNull();
  });

  it.each(['ab', 'a'.repeat(33), '-abc', 'Abc', 'a_b', 'a b', 'ä-b', 'abc\n', 'a/b', ''])(
    'may not be %j',
    (code) => {
      expect(findServerCodeProblem(code)).toMatch(/3 to 32/);
    },
  );

  it.each(['mcp', 'sse', 'server', 'oauth', 'admin'])('may not be the reserved %s', (code) => {
    expect(findServerCodeProblem(code)).toMatch(/reserved/);
  });
});
