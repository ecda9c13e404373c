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

  it.each(['{{ ', '{{', '{{a ', '{ ', '{{\t\n'])('are found in one pass through a megabyte of %j', (look) => {
    // Would take hours if each beginning were tried to the end; the test's own limit is the judge.
    const open = look.repeat(1_000_000 / look.length);
    const spaces = `{{${' '.repeat(1_000_000)}`;
    for (const text of [open, spaces]) expect(fillVariables(text, () => 'x')).toBe(text);
    expect(readVariables(open).names).toEqual([]);
  });
});
