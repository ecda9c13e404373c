import { withoutTrailingSlashes } from './trailing-slashes.js';

describe('withoutTrailingSlashes', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['///', ''],
    ['/a/b', '/a/b'],
    ['/a//b//', '/a//b'],
    ['http://x', 'http://x'],
  ])('makes of %s %s', (text, cut) => expect(withoutTrailingSlashes(text)).toBe(cut));
});
