import {
  generatePersonalToken,
  isWellFormedPersonalToken,
  looksLikePersonalToken,
  shownTokenPrefix,
} from './personal-token-format.js';

describe('personal access tokens', () => {
  it('are told from look-alikes by their checksum', () => {
    for (let i = 0; i < 200; i += 1) {
      const token = generatePersonalToken();
      expect(token).toMatch(/^tcp_[\w-]{43}[0-9A-Za-z]{6}$/);
      expect(isWellFormedPersonalToken(token)).toBe(true);
      const other = token[10] === 'A' ? 'B' : 'A';
      expect(isWellFormedPersonalToken(token.slice(0, 10) + other + token.slice(11))).toBe(false);
    }
    expect(isWellFormedPersonalToken('tcp_')).toBe(false);
  });

  it('are known by their beginning, and show little of it', () => {
    const token = generatePersonalToken();
    expect(looksLikePersonalToken(token)).toBe(true);
    expect(looksLikePersonalToken('eyJhbGciOi')).toBe(false);
    expect(shownTokenPrefix(token)).toHaveLength(8);
  });
});
