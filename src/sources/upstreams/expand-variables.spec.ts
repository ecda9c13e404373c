import { expandTarget } from './expand-variables.js';

const target = {
  command: '${BIN:-npx}',
  args: ['-y', '--key=${KEY}', '${A}${B:-b}'],
  env: { TOKEN: '${KEY}' },
  cwd: null,
  url: null,
  headers: { authorization: 'Bearer ${KEY}' },
};

describe('expandTarget', () => {
  it('puts values and defaults in, at any depth, and looks at no value again', () => {
    const { target: made, unset } = expandTarget(target, (name) => ({ KEY: '${A}', A: 'a' })[name]);
    expect(unset).toEqual([]);
    expect(made).toEqual({
      ...target,
      command: 'npx',
      args: ['-y', '--key=${A}', 'ab'],
      env: { TOKEN: '${A}' },
      headers: { authorization: 'Bearer ${A}' },
    });
  });

  it('names what is not set, once', () => {
    expect(expandTarget(target, () => undefined).unset).toEqual(['KEY', 'A']);
  });
});
