import { addressForms, toAddress, toName, toOpaque, toUsername } from './identity-text.js';

const [COMPOSED, APART] = ['é', 'e\u0301'];

describe('text that is an identity', () => {
  it('is one password however it was typed, and as long as it was', () => {
    expect(toOpaque(`caf${APART}\u00a0\u3000Ｂ `)).toBe(`caf${COMPOSED}  Ｂ `);
  });

  it('is one username in any width and case', () => {
    expect(toUsername(' ＡＤmin．1 ')).toBe('admin.1');
    expect(toUsername(`Ren${APART}`)).toBe(`ren${COMPOSED}`);
    expect(toUsername('\u200ead\u00admin\u200b \ufeff')).toBe('admin');
  });

  it('is one name, whose case counts', () => {
    expect(toName(`\u3000Caf${APART}\u00a0Nord `)).toBe(`Caf${COMPOSED} Nord`);
  });

  it.each([
    ['Emma@Example.COM', 'emma@example.com'],
    ['emma@MÜNCHEN.example', 'emma@xn--mnchen-3ya.example'],
    ['emma@mu\u0308nchen.example', 'emma@xn--mnchen-3ya.example'],
    ['Ｅmma＠example.com', 'emma@example.com'],
    [`ren${APART}@例え.jp`, `ren${COMPOSED}@xn--r8jz45g.jp`],
    ['\u202aemma@example.com\u202c', 'emma@example.com'],
    ['em\u200bma@exam\u2060ple.com', 'emma@example.com'],
    ['a\u200db@example.com', 'a\u200db@example.com'],
    ['a@localhost', 'a@localhost'],
    ['a@123', 'a@123'],
    ['no address', 'no address'],
  ])('is one address: %s is %s', (typed, address) => expect(toAddress(typed)).toBe(address));

  it('is looked for as it may be on file', () => {
    expect(addressForms('Emma@xn--mnchen-3ya.example')).toEqual([
      'emma@xn--mnchen-3ya.example',
      'emma@münchen.example',
    ]);
    expect(addressForms(`ren${APART}@a.example`)).toEqual([
      `ren${APART}@a.example`,
      `ren${COMPOSED}@a.example`,
    ]);
  });
});
