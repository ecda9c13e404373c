import { loadConfig } from '../config.js';
import { AllowedSites } from './allowed-sites.js';

describe('AllowedSites', () => {
  const sites = new AllowedSites(
    loadConfig({
      PUBLIC_URL: 'https://tools.example/path',
      ALLOWED_HOSTS: 'Tools.example, https://inner.example:8443',
      ALLOWED_ORIGINS: 'https://app.example',
    }),
  );

  it.each([
    ['tools.example', true],
    ['inner.example:8443', true],
    ['inner.example:8443', true], // from memory
    ['tools.example.', true],
    ['TOOLS.example.:443', true],
    ['evil.example', false],
    ['tools.example.evil.example', false],
    ['inner.example@evil.example', false],
    ['', false],
    ['a b', false],
    [undefined, false],
  ])('takes the host %s: %s', (host, allowed) => expect(sites.hasHost(host)).toBe(allowed));

  it.each([
    ['https://app.example', true],
    ['http://app.example:3000', true],
    ['https://tools.example', true],
    ['https://evil.example', false],
    ['https://app.example.evil.example', false],
    ['null', false],
    ['', false],
  ])('takes the origin %s: %s', (origin, allowed) => expect(sites.hasOrigin(origin)).toBe(allowed));

  it('refuses at start what would match nothing', () => {
    for (const name of ['*.example', 'tools.example/path', 'a b'])
      expect(() => loadConfig({ ALLOWED_ORIGINS: name })).toThrow(/ALLOWED_ORIGINS: must be names of hosts/);
  });

  it('takes any where the settings say so', () => {
    const open = new AllowedSites(loadConfig({ ALLOWED_HOSTS: '*', ALLOWED_ORIGINS: '*' }));
    expect([open.hasHost('evil.example'), open.hasHost(undefined), open.hasOrigin('null')]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
