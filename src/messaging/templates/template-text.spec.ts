import { DEFAULT_TEMPLATES } from './default-templates.js';
import { LANGUAGES, NOTICE_KINDS } from '../notices/notice.js';
import { fill, findTextProblem } from './template-text.js';

describe('findTextProblem', () => {
  it.each(['{{customer_name}}', '{{ customer_name }} { }} {', 'no variable', '{{recipient_name}} {{link}}'])(
    'lets %s pass',
    (text) => {
      expect(findTextProblem(text, 'new_customer')).toBeNull();
    },
  );

  it.each([
    '{{consultant_name}}',
    '{{customer_name}} {{ nobody }}',
    '{{constructor}}',
    '{{__proto__}}',
    '{{',
    '{{Customer}}',
  ])('refuses %s', (text) => {
    expect(findTextProblem(text, 'new_customer')).not.toBeNull();
  });

  it('lets all of ours pass', () => {
    for (const kind of NOTICE_KINDS)
      for (const language of LANGUAGES)
        for (const text of Object.values(DEFAULT_TEMPLATES[kind][language]))
          expect([kind, language, findTextProblem(text, kind)]).toEqual([kind, language, null]);
  });
});

describe('fill', () => {
  it('puts values in, and nothing for one that is not there', () => {
    const text = { title: '{{a}}-{{b}}', body: '{{ a }}, {{constructor}}.' };
    expect(fill(text, { a: 'x' })).toEqual({ title: 'x-', body: 'x.' });
  });

  it('greets nobody by no name: a channel that tells no person', () => {
    for (const kind of NOTICE_KINDS)
      for (const language of LANGUAGES) {
        const { body } = fill(DEFAULT_TEMPLATES[kind][language], { customer_name: 'Emma' });
        expect(body).not.toMatch(/\s[,，.。:]|^[,，]|\(\)|（）|\S {2}/m);
      }
  });

  it('does not fill in again what a value holds', () => {
    const text = { title: '{{a}}', body: '{{a}}' };
    expect(fill(text, { a: '{{b}} $& $1', b: 'secret' })).toEqual({
      title: '{{b}} $& $1',
      body: '{{b}} $& $1',
    });
  });

  it('makes a title of one line', () => {
    const title = 'a\r\nBcc: x\u2028y\u0085z\0';
    expect(fill({ title: '{{a}}', body: '' }, { a: title }).title).toBe('a Bcc: x y z');
  });
});
