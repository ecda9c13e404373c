import { timingSafeEqual } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { DataSource } from 'typeorm';
import type { MfaRequiredDto, SignedInDto } from '../sign-in/auth.dto.js';
import { Callers } from '../sign-in/callers.service.js';
import { OneTimeTokens } from '../sign-in/one-time-tokens.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { SignInService } from '../sign-in/sign-in.service.js';
import { NotFoundError, UnauthenticatedError, UnavailableError } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import type { Claims } from './claims.js';
import { OidcClient } from './oidc-client.js';
import type { OidcFlow } from './oidc-flow.js';
import { OidcPeople } from './oidc-people.service.js';
import { OidcProvider } from './oidc-provider.entity.js';
import { redirectUri } from './oidc-providers.dto.js';

const NOT_UNDER_WAY = 'This sign-in is not under way in this browser, or took too long; begin anew';
const CODE_INVALID = 'The sign-in code is not valid any more; begin anew';

/**
 * Signing in with an outside provider: authorization code, PKCE, state and nonce (OpenID Connect Core 1.0, RFC 9700). The
 * library checks the answer and the ID token. Our tokens never stand in an address: the browser comes back with a code that
 * works once, for a minute and only in the browser that began.
 */
@Injectable()
export class OidcSignIn {
  private readonly logger = new Logger(OidcSignIn.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly config: Config,
    private readonly client: OidcClient,
    private readonly people: OidcPeople,
    private readonly callers: Callers,
    private readonly oneTime: OneTimeTokens,
    private readonly signIn: SignInService,
  ) {}

  /** @returns Where to send the browser, and what it has to remember. */
  async start(
    providerId: string,
    returnTo: string,
  ): Promise<{ readonly url: string; readonly flow: OidcFlow }> {
    const provider = await this.findProvider(providerId);
    const configuration = await this.reach(provider);
    const flow = {
      providerId,
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      returnTo,
    };
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri(this.config.publicUrl, providerId),
      scope: provider.scopes.join(' '),
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, flow };
  }

  /**
   * @param query What the provider sent the browser back with, beginning with `?`.
   * @returns Where to send the browser: our page, with a code in the fragment, which no server sees.
   * @throws {UnauthenticatedError} No such sign-in in this browser, or the provider's answer does not hold.
   */
  async finish(providerId: string, query: string, flow: OidcFlow | null): Promise<string> {
    if (!flow || flow.providerId !== providerId) throw new UnauthenticatedError(NOT_UNDER_WAY);
    const provider = await this.findProvider(providerId);
    const configuration = await this.reach(provider);
    const claims = await this.readAnswer(configuration, provider, { query, flow });
    return inTenant(provider.tenantId, async () => {
      const userId = await this.people.resolve(provider, claims);
      const { tenantId } = provider;
      const data = { browser: hashOf(flow.state).toString('hex') };
      const code = await this.dataSource.transaction((manager) =>
        this.oneTime.issue(manager, { tenantId, userId, purpose: 'oidc', data }),
      );
      return `${this.config.publicUrl}${flow.returnTo}#sign_in_code=${code}`;
    });
  }

  /** @throws {UnauthenticatedError} Unknown, used, expired, another browser's, or the person may not come in. */
  async exchange(code: string, flow: OidcFlow | null): Promise<SignedInDto | MfaRequiredDto> {
    const row = await this.oneTime.find(code, 'oidc');
    const browser = Buffer.from(row?.data['browser'] ?? '', 'hex');
    const own = hashOf(flow?.state ?? '');
    if (!row || !flow || browser.length !== own.length || !timingSafeEqual(browser, own)) {
      throw new UnauthenticatedError(CODE_INVALID);
    }
    return inTenant(row.tenantId, async () => {
      const first = await this.dataSource.transaction((manager) => this.oneTime.use(manager, row));
      const caller = first ? await this.callers.find(row.userId) : null;
      if (!caller) throw new UnauthenticatedError(CODE_INVALID);
      return this.signIn.begin(caller, 'oidc');
    });
  }

  /** @throws {NotFoundError} Unknown or switched off; its tenant, too. */
  private async findProvider(id: string): Promise<OidcProvider> {
    const provider = await this.system
      .getRepository(OidcProvider)
      .findOneBy({ id, enabled: true, tenant: { enabled: true } });
    if (!provider) throw new NotFoundError(`No OIDC provider ${id}`);
    return provider;
  }

  private async reach(provider: OidcProvider): Promise<Configuration> {
    try {
      return await this.client.configurationOf(provider);
    } catch (cause) {
      this.logger.warn({
        message: 'An OIDC provider cannot be used',
        provider: provider.id,
        cause: String(cause),
      });
      throw new UnavailableError('The sign-in provider cannot be reached; try again later', { cause });
    }
  }

  private async readAnswer(
    configuration: Configuration,
    provider: OidcProvider,
    { query, flow }: { query: string; flow: OidcFlow },
  ): Promise<Claims & { iss: string; sub: string }> {
    try {
      const url = new URL(redirectUri(this.config.publicUrl, provider.id) + query);
      const tokens = await authorizationCodeGrant(configuration, url, {
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        pkceCodeVerifier: flow.verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      if (!configuration.serverMetadata().userinfo_endpoint) return claims;
      const more = await fetchUserInfo(configuration, tokens.access_token, claims.sub);
      return { ...more, ...claims };
    } catch (cause) {
      this.logger.warn({
        message: 'An OIDC sign-in was refused',
        provider: provider.id,
        cause: String(cause),
      });
      throw new UnauthenticatedError('The sign-in provider did not vouch for you; begin anew', { cause });
    }
  }
}
