import { loadConfig } from '../../platform/config.js';
import { BrowserCookie } from './browser-cookie.js';

const cookieAt = (PUBLIC_URL: string) =>
  new BrowserCookie(loadConfig({ PUBLIC_URL, REFRESH_TOKEN_DAYS: '1' }));

describe('BrowserCookie', () => {
  it('goes to the sign-in routes below the path of the service, over https only where that is spoken', () => {
    expect(cookieAt('https://example.com/crib').holding('abc')).toBe(
      'toolcrib_sign_in=abc; Path=/crib/api/v1/auth/browser; Max-Age=86400; HttpOnly; SameSite=Strict; Secure',
    );
    expect(cookieAt('http://localhost:8000').gone()).toBe(
      'toolcrib_sign_in=; Path=/api/v1/auth/browser; Max-Age=0; HttpOnly; SameSite=Strict',
    );
  });

  it('finds its own among others', () => {
    const read = (header?: string) => cookieAt('http://localhost').read(header);
    expect(read('a=1; toolcrib_sign_in=abc; b=2')).toBe('abc');
    expect([read(undefined), read('toolcrib_sign_in='), read('x_toolcrib_sign_in=abc')]).toEqual([
      null,
      null,
      null,
    ]);
  });
});
