import { detectorOf } from './detectors.js';
import { type RedactionRule, redactionRulesSchema } from './redaction-rules.js';
import { type Turns, Work } from './turns.js';

/** Does it all at once, however long it takes. */
function whole<T>(turns: Turns<T>): T {
  for (;;) {
    const step = turns.next();
    if (step.done) return step.value;
  }
}

type Kind = 'phone' | 'id_card' | 'bank_card' | 'email' | 'secret';
const replacing = (rule: RedactionRule) => {
  const { replace } = detectorOf(rule);
  return (text: string) => whole(replace(text, new Work(Infinity, Infinity)));
};
const detect = (detector: Kind) => replacing({ detector, applies_to: 'both', replacement: '#' });
/** The text of each case has what is to be found between « and ». */
const found = (kind: Kind, marked: string) => detect(kind)(marked.replace(/[«»]/g, ''));
const hidden = (marked: string) => marked.replace(/«[^»]*»/g, '#');

describe('phone', () => {
  it.each([
    'call «13812345678» now',
    '手机«13812345678»，谢谢',
    '«138-1234-5678»/«139 1234 5678»',
    '«+8613812345678», «+86 138 1234 5678», «8613812345678», «0086-13812345678»',
    '{"tel":"«13812345678»"}',
    'tel«13812345678»',
    '«010-88886666», «(021)66668888», «0571-8765432», «01088886666», «0755-26012345-802»',
    '«+14155552671», «+1 (415) 555-2671», «+44 20 7946 0958», «+7.495.123.45.67»',
  ])('finds %s', (marked) => expect(found('phone', marked)).toBe(hidden(marked)));

  it.each([
    'order 12345678901',
    'amount 13812345678.55',
    'ratio 0.13812345678',
    'digest a13812345678f',
    'id 138123456789',
    'sku_13812345678',
    'at 1700000000000 and 1700000000',
    '2024-11-21 10:30:45 GMT +8 2024-11-21',
    '1+12345678',
    '10.0.138.1, 12812345678',
    '0190f3b2-7c1e-7a2b-9d4e-13812345678a',
  ])('leaves %s', (text) => expect(found('phone', text)).toBe(text));
});

describe('id_card', () => {
  it.each([
    '身份证号«11010519491231002X»。',
    '«11010519491231002x» «440524188001010014»',
    '«110105-19491231-002X»',
  ])('finds %s', (marked) => expect(found('id_card', marked)).toBe(hidden(marked)));

  it.each([
    ['a wrong check digit', '110105194912310021'],
    ['a month there is not', '110105194913310020'],
    ['a day there is not', '110105194902300023'],
    ['a day to come', '110105209912310020'],
    ['a province there is not', '990105194912310029'],
    ['a longer number', '9110105194912310029'],
    ['a part of a word', 'x11010519491231002X'],
  ])('leaves %s', (_what, text) => expect(found('id_card', text)).toBe(text));
});

describe('bank_card', () => {
  it.each([
    '«4111111111111111»',
    'card «4111 1111 1111 1111», «4111-1111-1111-1111».',
    '«4111 1111 1111 1111» 2028',
    '2027 «4111 1111 1111 1111»',
    '«378282246310005» «3782 822463 10005»',
    '银行卡«6222020200112230004»号 «622202 0200112230004»',
    '«5555555555554444» «5555555555554444»',
  ])('finds %s', (marked) => expect(found('bank_card', marked)).toBe(hidden(marked)));

  it.each([
    '4111111111111112',
    'at 1700000000000',
    '0000 0000 0000 0000',
    '411111111111111',
    '41111111111111111111111',
    '4111.1111.1111.1111',
    'a4111111111111111',
    '4111111111111111.5',
    '2024 11 21 10 30 45 67',
  ])('leaves %s', (text) => expect(found('bank_card', text)).toBe(text));
});

describe('email', () => {
  it.each([
    'to «a.b+c@example.co.uk», «x_y@a-b.io».',
    '邮箱«zhang@example.com»请回复',
    '<«a@b.cn»>;«c@d.org»',
  ])('finds %s', (marked) => expect(found('email', marked)).toBe(hidden(marked)));

  it.each(['@example', 'a@b', 'a @b.com', 'git@', 'a@-b.com', 'v1.2@3.4', 'npm i @scope/name'])(
    'leaves %s',
    (text) => expect(found('email', text)).toBe(text),
  );
});

describe('secret', () => {
  it.each([
    'key «sk-abcdefghijklmnop1234»',
    '«Bearer abcdefgh12345678»',
    '«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4fw»',
    '«AKIAIOSFODNN7EXAMPLE» «ghp_abcdefghijklmnopqrstuvwx12»',
    'token=«pQ7rT2vX9zB4nM6kL8jH3gF5dS1aW0eR»',
  ])('finds %s', (marked) => expect(found('secret', marked)).toBe(hidden(marked)));

  it.each([
    'a uuid 0190f3b2-7c1e-7a2b-9d4e-13812345678a',
    'a digest e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'a word Donaudampfschifffahrtsgesellschaftskapitaen',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAaaaaaaaa11111111',
  ])('leaves %s', (text) => expect(found('secret', text)).toBe(text));
});

describe('pattern', () => {
  it('replaces each match by the text as it is', () => {
    const order = replacing({
      detector: 'pattern',
      pattern: '(?i)order-\\d+|',
      applies_to: 'both',
      replacement: '$1$&',
    });
    expect(order('ORDER-12 and order-3, order-')).toBe('$1$& and $1$&, order-');
  });

  it.each([
    ['(a', 'is not a regular expression'],
    ['(?=a)b', 'is not a regular expression'],
    ['(a)\\1', 'is not a regular expression'],
    ['a*', 'must not match the empty text'],
    ['\\b', 'must not match the empty text'],
    ['$', 'must not match the empty text'],
    ['(?:[a-z]{1,900}){1}(?:[0-9]{1,900})', 'is too large'],
    ['x'.repeat(501), '<=500 characters'],
  ])('%s is refused when it is saved', (pattern, problem) => {
    const parsed = redactionRulesSchema.safeParse([{ detector: 'pattern', pattern }]);
    expect(parsed.error?.issues.map(({ message }) => message).join('; ')).toContain(problem);
  });

  it('goes with its own detector only, and there are only so many rules', () => {
    expect(redactionRulesSchema.safeParse([{ detector: 'pattern' }]).success).toBe(false);
    expect(redactionRulesSchema.safeParse([{ detector: 'phone', pattern: 'a' }]).success).toBe(false);
    expect(redactionRulesSchema.parse([{ detector: 'phone' }])).toEqual([
      { detector: 'phone', applies_to: 'both' },
    ]);
    expect(
      redactionRulesSchema.safeParse(Array.from({ length: 33 }, () => ({ detector: 'phone' }))).success,
    ).toBe(false);
  });
});

describe('a hostile text of a megabyte', () => {
  const all = (['phone', 'id_card', 'bank_card', 'email', 'secret'] as const).map(detect);
  all.push(replacing({ detector: 'pattern', pattern: '(a+)+$|(x+x+)+y', applies_to: 'both' }));

  it.each([
    '1',
    '1 ',
    '4111 ',
    '13',
    '+86 ',
    '+1(',
    '010-',
    'a@',
    'a@a.',
    'a',
    'x',
    '-',
    'aB1',
    'eyJa.',
    '"',
    '1101 ',
  ])('of %j is read in one pass', (part) => {
    // Would take minutes if what fails were tried again at each character; the test's own limit is the judge.
    const text = part.repeat(1_000_000 / part.length);
    for (const detector of all) expect(typeof detector(text)).toBe('string');
  });
});
