import { Injectable } from '@nestjs/common';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { Config } from '../../platform/config.js';

const COOKIE = 'toolcrib_oidc';
const PATH = '/api/v1/auth/oidc';
const LIFE_MS = 10 * 60_000;
const CONTEXT = 'oidc-flow';

/** What has to be remembered between leaving for the provider and coming back. */
export type OidcFlow = {
  readonly providerId: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
};

/**
 * Keeps a sign-in that is under way in the browser it began in: sealed, so that the browser can neither read nor change it,
 * and out of reach of scripts. Another browser cannot finish it.
 */
@Injectable()
export class OidcFlows {
  constructor(
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  /** @returns The value of `Set-Cookie`. */
  cookieFor(flow: OidcFlow): string {
    const text = JSON.stringify({ ...flow, until: Date.now() + LIFE_MS });
    return this.cookie(this.box.seal(text, CONTEXT).toString('base64url'), LIFE_MS / 1000);
  }

  /** @returns The value of `Set-Cookie` that takes it back. */
  noCookie(): string {
    return this.cookie('', 0);
  }

  /** @param header The request's `Cookie`. @returns Null without a flow, or with one that is over or not ours. */
  read(header: string | undefined): OidcFlow | null {
    const value = (header ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .find((pair) => pair.startsWith(`${COOKIE}=`))
      ?.slice(COOKIE.length + 1);
    if (value === undefined || value === '') return null;
    try {
      const text = this.box.open(Buffer.from(value, 'base64url'), CONTEXT);
      const { until, ...flow } = JSON.parse(text) as OidcFlow & { until: number };
      return until > Date.now() ? flow : null;
    } catch {
      return null; // sealed by somebody else, or under an older master key
    }
  }

  /** Lax: it must come along when the provider sends the browser back. */
  private cookie(value: string, maxAgeSeconds: number): string {
    const secure = this.config.publicUrl.startsWith('https:') ? '; Secure' : '';
    return `${COOKIE}=${value}; Path=${PATH}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
  }
}
