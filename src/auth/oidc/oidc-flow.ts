import { Injectable } from '@nestjs/common';
import { agreedNowMs } from '../../platform/agreed-time.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { Config } from '../../platform/config.js';

const COOKIE = 'toolcrib_oidc_';
const NAME_DIGITS = 16;
const PATH = '/api/v1/auth/oidc';
const LIFE_MS = 10 * 60_000;
const CONTEXT = 'oidc-flow';
/** Of one browser: they all come along with each request, and a server takes only so many bytes of headers. */
const FLOWS_MAX = 8;

/** What has to be remembered between leaving for the provider and coming back. */
export type OidcFlow = {
  readonly providerId: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
};

/**
 * Keeps each sign-in that is under way in the browser it began in, in a cookie of its own, since people begin in two windows: sealed, so
 * that the browser can neither read nor change it, and out of reach of scripts. Another browser cannot finish it.
 */
@Injectable()
export class OidcFlows {
  constructor(
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  /**
   * @param header The request's `Cookie`.
   * @returns Values of `Set-Cookie`: the flow's own, and what takes the oldest back when there are too many.
   */
  cookiesFor(flow: OidcFlow, header: string | undefined): string[] {
    const text = JSON.stringify({ ...flow, until: agreedNowMs() + LIFE_MS });
    const value = this.box.seal(text, CONTEXT).toString('base64url');
    // Browsers send the older ones first (RFC 6265, section 5.4).
    const surplus = cookiesOf(header).slice(0, -(FLOWS_MAX - 1));
    return [
      ...surplus.map(({ name }) => this.cookie(name, '', 0)),
      this.cookie(nameOf(browserOf(flow)), value, LIFE_MS / 1000),
    ];
  }

  /** @returns The value of `Set-Cookie` that takes it back. */
  noCookie(flow: OidcFlow): string {
    return this.cookie(nameOf(browserOf(flow)), '', 0);
  }

  /**
   * @param header The request's `Cookie`.
   * @param browser See {@link browserOf}.
   * @returns Null without such a flow, or with one that is over or not ours.
   */
  read(header: string | undefined, browser: string): OidcFlow | null {
    const found = cookiesOf(header).find(({ name }) => name === nameOf(browser));
    if (!found) return null;
    try {
      const text = this.box.open(Buffer.from(found.value, 'base64url'), CONTEXT);
      const { until, ...flow } = JSON.parse(text) as OidcFlow & { until: number };
      return until > agreedNowMs() && browserOf(flow) === browser ? flow : null;
    } catch {
      return null; // sealed by somebody else, or under an older master key
    }
  }

  /** Lax: it must come along when the provider sends the browser back. */
  private cookie(name: string, value: string, maxAgeSeconds: number): string {
    const { publicUrl, publicPath } = this.config;
    const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
    return `${name}=${value}; Path=${publicPath}${PATH}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
  }
}

/** Names a sign-in where its state must not stand. */
export function browserOf({ state }: Pick<OidcFlow, 'state'>): string {
  return hashOf(state).toString('hex');
}

function nameOf(browser: string): string {
  return COOKIE + browser.slice(0, NAME_DIGITS);
}

function cookiesOf(header: string | undefined): { readonly name: string; readonly value: string }[] {
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(COOKIE))
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return { name, value };
    });
}
