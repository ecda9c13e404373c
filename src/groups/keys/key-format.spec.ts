import { generateKey, isWellFormedKey, shownPrefix } from './key-format.js';

describe('group keys', () => {
  it('have a prefix, 32 random bytes and a checksum', () => {
    const keys = Array.from({ length: 200 }, generateKey);
    expect(new Set(keys).size).toBe(200);
    for (const key of keys) {
      expect(key).toMatch(/^mcp_key_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/);
      expect(isWellFormedKey(key)).toBe(true);
    }
  });

  it('have the CRC-32 of what is before it as checksum', () => {
    const body = `mcp_key_${'A'.repeat(43)}`;
    expect(isWellFormedKey(`${body}1gNfua`)).toBe(true);
    expect(isWellFormedKey(`${body}1gNfub`)).toBe(false);
  });

  it.each([
    '',
    'mcp_key_',
    'sk-something',
    ` ${generateKey()}`,
    `${generateKey()}\n`,
    generateKey().slice(1),
  ])('are not %j', (text) => {
    expect(isWellFormedKey(text)).toBe(false);
  });

  it('are broken by any changed character', () => {
    const key = generateKey();
    for (let at = 8; at < key.length; at += 1) {
      const other = key[at] === 'x' ? 'y' : 'x';
      expect(isWellFormedKey(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
    }
  });

  it('are recognised by 12 characters', () => {
    expect(shownPrefix(generateKey())).toMatch(/^mcp_key_.{4}$/);
  });
});
