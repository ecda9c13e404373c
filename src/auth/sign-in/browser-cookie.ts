import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';

const NAME = 'toolcrib_sign_in';
/** Nothing else gets it: neither the rest of the API, nor MCP, nor the pages. */
const PATH = '/api/v1/auth/browser';
const DAY_SECONDS = 86_400;

/**
 * Keeps a browser's refresh token where no script can read it: in a cookie that only our own pages send, and only to the routes that
 * renew and end a sign-in.
 */
@Injectable()
export class BrowserCookie {
  constructor(private readonly config: Config) {}

  /** @returns The value of `Set-Cookie`. */
  holding(refreshToken: string): string {
    return this.cookie(refreshToken, this.config.env.REFRESH_TOKEN_DAYS * DAY_SECONDS);
  }

  /** @returns The value of `Set-Cookie` that takes it back. */
  gone(): string {
    return this.cookie('', 0);
  }

  /** @param header The request's `Cookie`. @returns The refresh token, or null. */
  read(header: string | undefined): string | null {
    const pairs = (header ?? '').split(';').map((pair) => pair.trim().split('='));
    return pairs.find(([name]) => name === NAME)?.[1] || null;
  }

  private cookie(value: string, maxAgeSeconds: number): string {
    const { publicUrl, publicPath } = this.config;
    const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
    return `${NAME}=${value}; Path=${publicPath}${PATH}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
  }
}
