import type { Config } from '../config.js';
import { hostNameOf } from './host-name.js';

/** One allowed name comes with any port. */
const GOOD_HOSTS_MAX = 100;

/**
 * Tells whether a request's `Host` and `Origin` are allowed. It guards against DNS rebinding: a browser made to call us under a
 * foreign name, or from a foreign page.
 */
export class AllowedSites {
  private readonly ownHost: string | undefined;
  /** `Host` headers that were found to be allowed: reading one takes a URL object; clients send the same few all day. */
  private readonly goodHosts = new Set<string>();

  constructor(private readonly config: Config) {
    this.ownHost = hostNameOf(new URL(config.publicUrl).host);
  }

  /** Those of `ALLOWED_HOSTS`. */
  hasHost(host: string | undefined): boolean {
    const { allowedHosts } = this.config;
    if (!allowedHosts) return true;
    if (host === undefined) return false;
    if (this.goodHosts.has(host)) return true;
    const name = hostNameOf(host);
    const isGood = name !== undefined && allowedHosts.includes(name);
    if (isGood && this.goodHosts.size < GOOD_HOSTS_MAX) this.goodHosts.add(host);
    return isGood;
  }

  /** Pages of `ALLOWED_ORIGINS` and our own. */
  hasOrigin(origin: string): boolean {
    const { allowedOrigins } = this.config;
    if (allowedOrigins.includes('*')) return true;
    if (!URL.canParse(origin)) return false; // `null` of a sandboxed page
    const name = new URL(origin).hostname.replace(/\.$/, '');
    return name === this.ownHost || allowedOrigins.includes(name);
  }
}
