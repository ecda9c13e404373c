import { fillTemplate, problemsOfTemplate } from './welcome-template-text.js';
import { BUILT_IN_TEMPLATES } from './built-in-templates.js';
import { toLanguage, widening } from './languages.js';
import { toWelcomeText, WELCOME_MAX } from './welcome-text.js';

describe('toWelcomeText', () => {
  it.each([
    ['  Hello\r\nAda  ', 'Hello\nAda'],
    ['Hello\0 A\u001b[31mda\u0007', 'Hello A[31mda'],
    ['Hello \u202etxet\u202c \u2066x\u2069', 'Hello txet x'],
    ['a\n\n\n\n\nb', 'a\n\nb'],
    ['Half \ud83d a pair', 'Half \ufffd a pair'],
    ['hidden\u{e0041}\u{e0042} tags', 'hidden tags'],
    ['👩‍💻 keeps 你好', '👩‍💻 keeps 你好'],
  ])('%j becomes %j', (text, clean) => expect(toWelcomeText(text)).toBe(clean));

  it.each([
    ['empty', ' \n\t '],
    ['too long', 'a'.repeat(WELCOME_MAX + 1)],
  ])('gives nothing for a text that is %s', (_why, text) => expect(toWelcomeText(text)).toBeNull());

  it('takes one of the longest length', () => {
    expect(toWelcomeText('a'.repeat(WELCOME_MAX))).toHaveLength(WELCOME_MAX);
  });
});

describe('templates', () => {
  const values = { display_name: 'Ada', business_name: 'Engines' };

  it.each([...BUILT_IN_TEMPLATES])('of ours in %s have no problem and hold both names', (_language, body) => {
    expect(problemsOfTemplate(body)).toEqual([]);
    const text = fillTemplate(body, values);
    expect(text).toContain('Ada');
    expect(text).toContain('Engines');
    expect(text).not.toMatch(/[{}]/);
  });

  it('refuse unknown variables and loose braces', () => {
    expect(problemsOfTemplate('Hi {{ display_name }}')).toEqual([]);
    expect(problemsOfTemplate('Hi {{first_name}}')).toEqual([
      'names {{first_name}}, which is none of display_name, business_name',
    ]);
    expect(problemsOfTemplate('Hi {{display_name')).toEqual(['has {{ or }} that belongs to no variable']);
    expect(problemsOfTemplate('Hi {{{display_name}}}')).toEqual([]);
    expect(problemsOfTemplate('Hi {{constructor}}')).toHaveLength(1);
  });

  it('take what a value holds for text, on one line and not too long', () => {
    const nasty = {
      display_name: `{{business_name}}\n$& \u202e${'x'.repeat(500)}`,
      business_name: 'Engines',
    };
    const text = fillTemplate('Hi {{display_name}}!', nasty);
    expect(text).toMatch(/^Hi \{\{business_name\}\} \$& x+!$/);
    expect(text.length).toBeLessThan(110);
  });
});

describe('languages', () => {
  it('are written in one way', () => {
    expect([toLanguage('zh-cn'), toLanguage('EN'), toLanguage('not a tag'), toLanguage('')]).toEqual([
      'zh-CN',
      'en',
      null,
      null,
    ]);
  });

  it('widen to what they are a kind of', () => {
    expect(widening('zh-Hant-TW')).toEqual(['zh-Hant-TW', 'zh-Hant', 'zh']);
    expect(widening('en')).toEqual(['en']);
  });
});
