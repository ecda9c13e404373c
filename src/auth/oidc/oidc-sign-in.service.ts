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
import { SignInService } from '../sign-in/sign-in.service.js';
import { NotFoundError, UnauthenticatedError, UnavailableError, messageOf } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { type Claims, decidesAlone } from './claims.js';
import { OidcClient } from './oidc-client.js';
import { browserOf, type OidcFlow } from './oidc-flow.js';
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
    const flow = {
      providerId,
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      returnTo,
    };
    const challenge = await calculatePKCECodeChallenge(flow.verifier);
    const url = await this.reach(provider, (configuration) =>
      buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri(this.config.publicUrl, providerId),
        scope: provider.scopes.join(' '),
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }),
    );
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
    const configuration = await this.reach(provider, (found) => found);
    const claims = await this.readAnswer(configuration, provider, { query, flow });
    return inTenant(provider.tenantId, async () => {
      const userId = await this.people.resolve(provider, claims);
      const { tenantId } = provider;
      const data = { browser: browserOf(flow) };
      const code = await this.dataSource.transaction((manager) =>
        this.oneTime.issue(manager, { tenantId, userId, purpose: 'oidc', data }),
      );
      return `${this.config.publicUrl}${flow.returnTo}#sign_in_code=${code}`;
    });
  }

  /**
   * @param flowOf Finds the sign-in in the browser that asks: see {@link browserOf}.
   * @throws {UnauthenticatedError} Unknown, used, expired, another browser's, or the person may not come in.
   */
  async exchange(
    code: string,
    flowOf: (browser: string) => OidcFlow | null,
  ): Promise<{ readonly signedIn: SignedInDto | MfaRequiredDto; readonly flow: OidcFlow }> {
    const row = await this.oneTime.find(code, 'oidc');
    const flow = row && flowOf(row.data['browser'] ?? '');
    if (!row || !flow) throw new UnauthenticatedError(CODE_INVALID);
    return inTenant(row.tenantId, async () => {
      const first = await this.dataSource.transaction((manager) => this.oneTime.use(manager, row));
      const caller = first ? await this.callers.find(row.userId) : null;
      if (!caller) throw new UnauthenticatedError(CODE_INVALID);
      return { signedIn: await this.signIn.begin(caller, 'oidc'), flow };
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

  /** @throws {UnavailableError} It cannot be reached, or what it says of itself is of no use. */
  private async reach<T>(provider: OidcProvider, use: (configuration: Configuration) => T): Promise<T> {
    try {
      return use(await this.client.configurationOf(provider));
    } catch (cause) {
      this.warn(provider, 'An OIDC provider cannot be used', cause);
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
      const more = await this.askMore(configuration, provider, { token: tokens.access_token, claims });
      return { ...more, ...claims };
    } catch (cause) {
      this.warn(provider, 'An OIDC sign-in was refused', cause);
      throw new UnauthenticatedError('The sign-in provider did not vouch for you; begin anew', { cause });
    }
  }

  /**
   * Asks for what does not stand in the ID token. Providers refuse it, sign it with what we cannot check, or have it broken: that
   * matters only where roles or a tier must come from there, since a person without them would lose what they have.
   */
  private async askMore(
    configuration: Configuration,
    provider: OidcProvider,
    { token, claims }: { readonly token: string; readonly claims: Claims & { sub: string } },
  ): Promise<Claims> {
    if (!configuration.serverMetadata().userinfo_endpoint) return {};
    try {
      return await fetchUserInfo(configuration, token, claims.sub);
    } catch (cause) {
      if (!decidesAlone(claims, provider)) throw cause;
      this.warn(provider, 'An OIDC provider gave no userinfo; its ID token had to do', cause);
      return {};
    }
  }

  private warn({ id }: OidcProvider, message: string, cause: unknown): void {
    this.logger.warn({ message, provider: id, cause: messageOf(cause) });
  }
}
