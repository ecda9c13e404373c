import { Injectable } from '@nestjs/common';
import {
  allowInsecureRequests,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  type CustomFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  type ServerMetadata,
} from 'openid-client';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { Config } from '../../platform/config.js';
import { fetchGuarded } from '../../platform/network/guarded-http.js';
import { addressRulesOf, findAddressProblem, isLoopbackHttp, issuerSpellings } from './issuer-rules.js';
import { OidcProvider } from './oidc-provider.entity.js';
import { CLIENT_SECRET } from './oidc-providers.service.js';

const TIMEOUT_SECONDS = 10;
const KEPT_MS = 10 * 60_000;
const FAILURE_KEPT_MS = 5000;
const KEPT_MAX = 100;
const ANSWER_MAX_BYTES = 1_048_576;

/** What a provider that does not say it may sign userinfo with. The ID token's own rule is the library's. */
const ASYMMETRIC = ['RS256', 'PS256', 'ES256', 'EdDSA', 'RS384', 'PS384', 'ES384', 'RS512', 'PS512', 'ES512'];

type Kept = { readonly configuration: Promise<Configuration>; until: number };

/**
 * Knows each provider's addresses and keys by its discovery document, kept for ten minutes. Every request to a provider goes
 * out here: https only, no private networks unless a setting allows them, no redirects, ten seconds and 1 MiB at most.
 */
@Injectable()
export class OidcClient {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  /** @throws {Error} The provider cannot be reached, or its document does not fit its issuer. */
  async configurationOf(provider: OidcProvider): Promise<Configuration> {
    const key = `${provider.id} ${provider.version}`;
    const kept = this.kept.get(key);
    if (kept && kept.until > performance.now()) return kept.configuration;
    const entry = { configuration: this.discover(provider), until: performance.now() + KEPT_MS };
    this.kept.delete(key);
    this.kept.set(key, entry);
    if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!);
    // Anyone may begin a sign-in; a provider that is away is not asked each time.
    entry.configuration.catch(() => (entry.until = performance.now() + FAILURE_KEPT_MS));
    return entry.configuration;
  }

  private async discover(provider: OidcProvider): Promise<Configuration> {
    // The library looks for this very function before its own first request.
    const prepare = this.config.env.OIDC_ALLOW_LOOPBACK_HTTP ? [allowInsecureRequests] : [];
    const found = await this.read(provider, (issuer) =>
      discovery(new URL(issuer), provider.clientId, undefined, None(), {
        [customFetch]: this.fetch,
        timeout: TIMEOUT_SECONDS,
        execute: prepare,
      }),
    );
    const metadata = { ...found.serverMetadata() };
    metadata.userinfo_signing_alg_values_supported ??= ASYMMETRIC;
    const configuration = new Configuration(
      metadata,
      provider.clientId,
      {},
      this.clientAuth(provider, metadata),
    );
    configuration[customFetch] = this.fetch;
    configuration.timeout = TIMEOUT_SECONDS;
    for (const step of prepare) step(configuration);
    // The library trusts TLS otherwise; we also check the signature of the ID token.
    enableNonRepudiationChecks(configuration);
    return configuration;
  }

  /** A document that names its issuer with a slash more or less than we were told is this issuer's still, if that is where it lies. */
  private async read(
    { issuer }: OidcProvider,
    discover: (issuer: string) => Promise<Configuration>,
  ): Promise<Configuration> {
    try {
      return await discover(issuer);
    } catch (error) {
      const named = issuerNamedBy(error);
      if (named === undefined || named === issuer || !issuerSpellings(issuer).includes(named)) throw error;
      return discover(named);
    }
  }

  private clientAuth(provider: OidcProvider, metadata: ServerMetadata) {
    if (!provider.clientSecret) return None();
    const secret = this.box.open(
      provider.clientSecret,
      CLIENT_SECRET.contextOf(provider.tenantId, provider.id),
    );
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return methods.includes('client_secret_post') ? ClientSecretPost(secret) : ClientSecretBasic(secret);
  }

  /** The addresses come from the provider's documents, so each one is checked, and what its name leads to. */
  private readonly fetch: CustomFetch = async (url, { method, headers, body, signal }) => {
    const rules = addressRulesOf(this.config);
    const problem = findAddressProblem(url, rules);
    if (problem !== null) throw new Error(`An address that the provider names ${problem}`);
    return fetchGuarded(new URL(url), {
      method: method === 'POST' ? 'POST' : 'GET',
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: body === undefined || body === null ? undefined : Buffer.from(bytesOf(body)),
      signal: signal ?? AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
      privateNetworks: rules.privateNetworks || isLoopbackHttp(url),
      maxBytes: ANSWER_MAX_BYTES,
    });
  };
}

/** Who the document says it is of, when that is not whom the library asked for. */
function issuerNamedBy(error: unknown): string | undefined {
  if (!(error instanceof ClientError)) return undefined;
  const { body } = (error.cause ?? {}) as { readonly body?: { readonly issuer?: unknown } };
  return typeof body?.issuer === 'string' ? body.issuer : undefined;
}

/** The library sends forms and JSON, as text or bytes. */
function bytesOf(body: NonNullable<Parameters<CustomFetch>[1]['body']>): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error('A request to a provider has a body of an unknown kind');
}
