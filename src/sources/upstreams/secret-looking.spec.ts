import { separateSecrets } from './secret-looking.js';

const nothing = { command: null, args: [], env: {}, cwd: null, url: null, headers: {} };

describe('separateSecrets', () => {
  it('takes what is a secret by its name or its shape, wherever it stands', () => {
    const { target, secrets } = separateSecrets({
      ...nothing,
      command: 'npx',
      args: ['-y', 'server'],
      env: { GITHUB_TOKEN: 'plain-looking', MODE: 'fast' },
      url: 'https://x.test/mcp?api_key=abc',
      headers: { Authorization: 'Bearer abcdefgh', 'X-Mode': 'slow' },
    });
    expect(target).toMatchObject({
      env: { GITHUB_TOKEN: '${GITHUB_TOKEN}', MODE: 'fast' },
      url: '${URL}',
      headers: { Authorization: '${AUTHORIZATION}', 'X-Mode': 'slow' },
    });
    expect(secrets).toEqual({
      GITHUB_TOKEN: 'plain-looking',
      URL: 'https://x.test/mcp?api_key=abc',
      AUTHORIZATION: 'Bearer abcdefgh',
    });
  });

  it('leaves what names a variable already', () => {
    const given = { ...nothing, env: { TOKEN: '${MY_TOKEN}' }, url: 'https://x.test/${A}' };
    expect(separateSecrets(given)).toEqual({ target: given, secrets: {} });
  });
});
