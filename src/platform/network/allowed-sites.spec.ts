import { loadConfig } from '../config.js';
import { AllowedSites } from './allowed-sites.js';

describe('AllowedSites', () => {
  const sites = new AllowedSites(
    loadConfig({
      PUBLIC_URL: 'https://tools.example/path',
      ALLOWED_HOSTS: 'tools.example, inner.example',
      ALLOWED_ORIGINS: 'app.example',
    }),
  );

  it.each([
    ['tools.example', true],
    ['inner.example:8443', true],
    ['inner.example:8443', true], // from memory
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

  it('takes any where the settings say so', () => {
    const open = new AllowedSites(loadConfig({ ALLOWED_HOSTS: '*', ALLOWED_ORIGINS: '*' }));
    expect([open.hasHost('evil.example'), open.hasHost(undefined), open.hasOrigin('null')]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
