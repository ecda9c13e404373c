import { fillVariables, readVariables } from './text-variables.js';

describe('{{variables}}', () => {
  it('are named once each, with or without spaces', () => {
    expect(readVariables('{{a}} and {{ b }}{{\na }}.')).toEqual({ names: ['a', 'b'], rest: ' and .' });
  });

  it.each(['{{', '}}', '{{a', 'a}}', '{{a}', '{a}', '{{a{b}}', '{ {a} }'])('are none in %s', (text) => {
    expect(readVariables(text)).toEqual({ names: [], rest: text });
    expect(fillVariables(text, () => 'x')).toBe(text);
  });

  it('are filled once, with what a value holds as it is', () => {
    const values: Record<string, string | undefined> = { a: '{{b}} $& $1', b: 'secret' };
    expect(fillVariables('{{a}}, {{ c }}, {{{b}}}', (name) => values[name])).toBe(
      '{{b}} $& $1, {{ c }}, {secret}',
    );
  });

  it.each([
    ['Hello {{name}},\n\nwelcome', 'Hello,\n\nwelcome'],
    ['Hello {{name}}, and welcome to {{shop}}!', 'Hello, and welcome to Acme!'],
    ['Welcome to {{shop}}, {{name}}!', 'Welcome to Acme!'],
    ['{{name}}，您好：', '您好：'],
    ['{{name}}，您好！欢迎来到{{shop}}。', '您好！欢迎来到Acme。'],
    ['{{name}}: your account at {{shop}}', 'your account at Acme'],
    ['{{shop}} ({{name}}) has just registered', 'Acme has just registered'],
    ['客户 {{shop}}（{{name}}）尚无人接待', '客户 Acme尚无人接待'],
    ['Nobody has taken over {{name}} yet. It is {{name}}.', 'Nobody has taken over yet. It is.'],
    ['See {{name}}\n{{ name }}\nor {{shop}}', 'See\n\nor Acme'],
    ['{{name}}', ''],
    ['{{shop}}{{name}}, {{name}}{{name}}.', 'Acme.'],
    ['https://a.test/{{name}}/x?y={{name}}&z', 'https://a.test//x?y=&z'],
  ])('that are empty leave no gap: %j', (text, filled) => {
    const values: Record<string, string | undefined> = { name: '', shop: 'Acme' };
    expect(fillVariables(text, (name) => values[name])).toBe(filled);
  });

  it('that are empty cost no more than others, however many and however long what they stand in is', () => {
    const text = '{{a}} {{b}}'.repeat(100_000); // would take hours if each gap copied what is before it
    expect(fillVariables(text, (name) => (name === 'a' ? 'x' : '')).length).toBeGreaterThan(100_000);
  });

  it.each(['{{ ', '{{', '{{a ', '{ ', '{{\t\n'])('are found in one pass through a megabyte of %j', (look) => {
    // Would take hours if each beginning were tried to the end; the test's own limit is the judge.
    const open = look.repeat(1_000_000 / look.length);
    const spaces = `{{${' '.repeat(1_000_000)}`;
    for (const text of [open, spaces]) expect(fillVariables(text, () => 'x')).toBe(text);
    expect(readVariables(open).names).toEqual([]);
  });
});
