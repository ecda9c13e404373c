import { Injectable } from '@nestjs/common';
import {
  allowInsecureRequests,
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
import { isAllowedAddress } from './issuer-rules.js';
import { OidcProvider } from './oidc-provider.entity.js';
import { secretContext } from './oidc-providers.service.js';

const TIMEOUT_SECONDS = 10;
const KEPT_MS = 10 * 60_000;
const FAILURE_KEPT_MS = 5000;
const KEPT_MAX = 100;
const ANSWER_MAX_BYTES = 1_048_576;

type Kept = { readonly configuration: Promise<Configuration>; until: number };

/**
 * Knows each provider's addresses and keys by its discovery document, kept for ten minutes. Every request to a provider goes
 * out here: https only, no redirects, ten seconds and 1 MiB at most.
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
    if (kept && kept.until > Date.now()) return kept.configuration;
    const entry = { configuration: this.discover(provider), until: Date.now() + KEPT_MS };
    this.kept.delete(key);
    this.kept.set(key, entry);
    if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!);
    // Anyone may begin a sign-in; a provider that is away is not asked each time.
    entry.configuration.catch(() => (entry.until = Date.now() + FAILURE_KEPT_MS));
    return entry.configuration;
  }

  private async discover(provider: OidcProvider): Promise<Configuration> {
    // The library looks for this very function before its own first request.
    const prepare = this.config.env.OIDC_ALLOW_LOOPBACK_HTTP ? [allowInsecureRequests] : [];
    const found = await discovery(new URL(provider.issuer), provider.clientId, undefined, None(), {
      [customFetch]: this.fetch,
      timeout: TIMEOUT_SECONDS,
      execute: prepare,
    });
    const metadata = { ...found.serverMetadata() };
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

  private clientAuth(provider: OidcProvider, metadata: ServerMetadata) {
    if (!provider.clientSecret) return None();
    const secret = this.box.open(provider.clientSecret, secretContext(provider.id));
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return methods.includes('client_secret_post') ? ClientSecretPost(secret) : ClientSecretBasic(secret);
  }

  /** The addresses come from the provider's documents, so each one is checked. */
  private readonly fetch: CustomFetch = async (url, options) => {
    if (!isAllowedAddress(url, this.config.env.OIDC_ALLOW_LOOPBACK_HTTP)) {
      throw new Error('The provider names an address that is not https');
    }
    const { body, ...rest } = options;
    const answer = await fetch(url, { ...rest, body: body as RequestInit['body'] });
    return new Response(await readLimited(answer), { status: answer.status, headers: answer.headers });
  };
}

async function readLimited(answer: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!answer.body || [204, 304].includes(answer.status)) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > ANSWER_MAX_BYTES) throw new Error('The provider answered with more than 1 MiB');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
