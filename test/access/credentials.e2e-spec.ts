import { randomUUID } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { v7 as newId } from 'uuid';
import type { UserCaller } from '../../src/access/caller.js';
import {
  ALL_PERMISSIONS,
  type Permission,
  type Role,
  ROLES,
  roleAllows,
} from '../../src/access/permissions.js';
import { rankOf } from '../../src/access/role-rank.js';
import type { User } from '../../src/access/user.entity.js';
import { generatePersonalToken } from '../../src/auth/sign-in/personal-token-format.js';
import { PersonalToken } from '../../src/auth/sign-in/personal-token.entity.js';
import { hashOf } from '../../src/platform/secrets/secure-token.js';
import { type OpenApi, type Operation, operationsOf } from '../../src/operations/isolation/operations.js';
import { openApiDocument } from '../../src/platform/rest/rest.js';
import { SecretBox } from '../../src/platform/secrets/secret-box.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const GUARD = /needs the permission|personal access token does not open|asks for a second factor/;
/** Requests at a time. */
const AT_ONCE = 6;
const HOUR_MS = 3_600_000;

/**
 * Who gets past the guard: every route of the OpenAPI document × every kind of credential × every role. What is expected is
 * computed here from what the route declares, in other words than the guard's. Ids are nobody's and bodies are empty, so a guard
 * that is passed leads to 400 or 404.
 */
describe('routes, credentials and roles', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let strict: TestTenant;
  let group: TestGroup;
  let operations: readonly Operation[];

  const ask = async (
    { method, path }: Operation,
    credential?: string,
  ): Promise<'in' | 'refused' | 'unknown'> => {
    const hasBody = method !== 'GET' && method !== 'DELETE';
    const response = await fetch(`${t.url}${path.replaceAll(/\{\w+\}/g, randomUUID())}`, {
      method,
      headers: {
        ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
        ...(hasBody && { 'content-type': 'application/json' }),
      },
      ...(hasBody && { body: '{}' }),
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    const text = isStream ? '' : await response.text();
    if (isStream) await response.body?.cancel();
    if (response.status === 401) return 'unknown';
    return response.status === 403 && GUARD.test(text) ? 'refused' : 'in';
  };
  const personalToken = async (
    user: User,
    scopes: readonly string[],
    expiresAt = new Date(Date.now() + HOUR_MS),
  ) => {
    const token = generatePersonalToken();
    const { id: userId, tenantId } = user;
    const row = {
      name: 'test',
      tokenHash: hashOf(token),
      prefix: token.slice(0, 8),
      scopes: [...scopes],
      expiresAt,
    };
    await t.dataSource.getRepository(PersonalToken).insert({ id: newId(), tenantId, userId, ...row });
    return token;
  };
  const callerOf = (role: Role): UserCaller => ({ ...tenant.caller, roles: [role] });
  const permissionOf = ({ permission }: Operation) =>
    (ALL_PERMISSIONS as readonly string[]).includes(permission) ? (permission as Permission) : undefined;
  /** Asks all routes; tells those whose answer is another one than expected. */
  const surprises = async (
    credential: string | undefined | ((operation: Operation) => string),
    expected: (operation: Operation) => 'in' | 'refused' | 'unknown',
  ) => {
    const found: string[] = [];
    const left = [...operations];
    const askOn = async () => {
      for (let operation = left.shift(); operation; operation = left.shift()) {
        const sent = typeof credential === 'function' ? credential(operation) : credential;
        const [came, wanted] = [await ask(operation, sent), expected(operation)];
        if (came !== wanted) found.push(`${operation.name}: ${came}, not ${wanted}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askOn));
    return found;
  };

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    strict = await t.newTenant();
    await t.dataSource.query(
      'INSERT INTO sign_in_settings (tenant_id, require_second_factor) VALUES ($1, true)',
      [strict.tenantId],
    );
    group = await newGroup(t, tenant, { tools: ['get_project_info'], roles: ROLES });
    // A public route says itself what it makes of an empty body, 401 for a token that is nobody's included.
    operations = operationsOf((await openApiDocument(t.app)) as unknown as OpenApi).filter(
      ({ permission }) => permission !== 'public',
    );
  });
  afterAll(() => t.close());

  describe.each(ROLES)('a person with the role %s', (role) => {
    const mayByRole = (operation: Operation) => {
      const permission = permissionOf(operation);
      return permission !== undefined && roleAllows(callerOf(role), permission);
    };

    it('with a sign-in has what the role gives', async () => {
      const user = await t.newUser(tenant.tenantId, [role]);
      const { access_token: token } = await t.signIn(user.email);
      const wanted = (operation: Operation) =>
        operation.permission === 'signed_in' || mayByRole(operation) ? 'in' : 'refused';
      // A password that is not given is wrong: what then answers 401 has let the person in.
      const found = await surprises(token, wanted);
      expect(found).toEqual([]);
    });

    it('with a personal token has what one scope of it gives, and nothing that wants them in person', async () => {
      const user = await t.newUser(tenant.tenantId, [role]);
      const tokens = new Map<string, string>();
      for (const scope of ALL_PERMISSIONS) tokens.set(scope, await personalToken(user, [scope]));
      const found = await surprises(
        (operation) => tokens.get(operation.permission) ?? tokens.get('own.read')!,
        (operation) => (mayByRole(operation) && !operation.isInPerson ? 'in' : 'refused'),
      );
      expect(found).toEqual([]);
    });

    it('with a personal token of every other scope has nothing', async () => {
      const user = await t.newUser(tenant.tenantId, [role]);
      const tokens = new Map<string, string>();
      for (const scope of ALL_PERMISSIONS) {
        tokens.set(
          scope,
          await personalToken(
            user,
            ALL_PERMISSIONS.filter((other) => other !== scope),
          ),
        );
      }
      const everything = await personalToken(user, ALL_PERMISSIONS);
      const credential = (operation: Operation) => tokens.get(operation.permission) ?? everything;
      expect(await surprises(credential, () => 'refused')).toEqual([]);
    });

    it('without the second factor that the tenant asks for gets to setting one up, and no token gets further', async () => {
      const user = await t.newUser(strict.tenantId, [role]);
      const { access_token: token } = await t.signIn(user.email);
      const isBound = rankOf([role]) >= 2; // the roles of the platform
      const wanted = (operation: Operation) => {
        if (isBound) return operation.isWithoutSecondFactor ? 'in' : 'refused';
        return operation.permission === 'signed_in' || mayByRole(operation) ? 'in' : 'refused';
      };
      expect(await surprises(token, wanted)).toEqual([]);
      const script = await personalToken(user, ALL_PERMISSIONS);
      const byToken = (operation: Operation) =>
        !isBound && mayByRole(operation) && !operation.isInPerson ? 'in' : 'refused';
      expect(await surprises(script, byToken)).toEqual([]);
    });

    it('with what has expired or ended is nobody', async () => {
      const user = await t.newUser(tenant.tenantId, [role]);
      const { access_token: ended, refresh_token: refresh } = await t.signIn(user.email);
      await t.rest('POST', '/auth/logout', { body: { refresh_token: refresh } });
      const { access_token: live } = await t.signIn(user.email);
      const { sub, tid, sid } = JSON.parse(Buffer.from(live.split('.')[1], 'base64url').toString()) as Record<
        string,
        string
      >;
      const jwt = t.app.get(JwtService, { strict: false });
      const keyid = t.app.get(SecretBox, { strict: false }).keyId;
      const expired = await jwt.signAsync({ sub, tid, sid }, { keyid, expiresIn: -1 });
      const past = await personalToken(user, ALL_PERMISSIONS, new Date(Date.now() - 1000));
      for (const credential of [ended, expired, past]) {
        expect(await surprises(credential, () => 'unknown')).toEqual([]);
      }
    });

    it('opens no group over MCP with a personal token, whatever its scopes', async () => {
      const user = await t.newUser(tenant.tenantId, [role]);
      const key = await personalToken(user, ALL_PERMISSIONS);
      expect((await send({ ...group, key }, legacy('tools/list'))).status).toBe(401);
      const { access_token: token } = await t.signIn(user.email);
      expect((await send({ ...group, key: token }, legacy('tools/list'))).status).toBe(200);
    });
  });

  it('nobody comes in with nothing, a group key or what is no token', async () => {
    for (const credential of [undefined, group.key, 'x.y.z', `${tenant.adminToken}x`]) {
      expect(await surprises(credential, () => 'unknown')).toEqual([]);
    }
  });
});
