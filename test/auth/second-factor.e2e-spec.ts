import { Secret, TOTP } from 'otpauth';
import { AdminAuditLog } from '../../src/access/audit/audit-log.entity.js';
import type { User } from '../../src/access/user.entity.js';
import {
  createTestApp,
  type SignedIn,
  TEST_PASSWORD,
  type TestApp,
  type TestTenant,
} from '../support/test-app.js';

const STEP_MS = 30_000;
type Enrolled = { user: User; token: string; secret: string; codes: readonly string[] };

describe('the second factor', () => {
  let t: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const post = (path: string, token: string | undefined, body: object = {}) =>
    t.rest('POST', path, { token, body });
  const login = (user: User) =>
    post('/auth/login', undefined, { email: user.email, password: TEST_PASSWORD });
  const mfaToken = async (user: User) =>
    ((await login(user)).body.data as unknown as { mfa_token: string }).mfa_token;
  const finish = (mfa_token: string, code: string) =>
    post('/auth/login/totp', undefined, { mfa_token, code });
  /** The app's code of now, or of `steps` away from now. */
  const codeOf = (secret: string, steps = 0) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * STEP_MS });
  const wrongCode = (secret: string) => {
    const near = [-2, -1, 0, 1, 2].map((steps) => codeOf(secret, steps));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code))!;
  };

  const begin = async (user: User, token: string) => {
    const answer = await post('/auth/second-factor', token, { password: TEST_PASSWORD });
    expect([user.email, answer.status]).toEqual([user.email, 200]);
    return answer.body.data as unknown as { secret: string; uri: string };
  };
  const enrolled = async (roles: readonly string[] = ['consultant']): Promise<Enrolled> => {
    const user = await t.newUser(tenant.tenantId, roles);
    const { access_token: token } = await t.signIn(user.email);
    const { secret } = await begin(user, token);
    const answer = await post('/auth/second-factor/confirm', token, { code: codeOf(secret) });
    expect(answer.status).toBe(200);
    // As if it had been confirmed one step earlier: the code of now is unused.
    await t.dataSource.query('UPDATE second_factors SET last_step = last_step - 1 WHERE user_id = $1', [
      user.id,
    ]);
    const { recovery_codes: codes } = answer.body.data as unknown as { recovery_codes: string[] };
    return { user, token, secret, codes };
  };
  const actsOn = async (targetId: string) => {
    const rows = await t.dataSource
      .getRepository(AdminAuditLog)
      .find({ where: { targetId }, order: { id: 'ASC' } });
    return rows.map(({ action, result }) => `${action} ${result}`);
  };

  it('counts once a code of the app confirmed it, and is asked for at the next sign-in', async () => {
    const user = await t.newUser(tenant.tenantId, ['consultant']);
    const { access_token: token } = await t.signIn(user.email);
    expect((await post('/auth/second-factor', token)).body.error.details).toMatchObject([
      { field: 'password' },
    ]);
    expect((await post('/auth/second-factor', token, { password: 'wrong' })).status).toBe(401);
    const { secret, uri } = await begin(user, token);
    expect(uri).toMatch(new RegExp(`^otpauth://totp/Toolcrib:.*secret=${secret}`));
    expect((await login(user)).body.data).toHaveProperty('access_token');
    expect((await post('/auth/second-factor/confirm', token, { code: wrongCode(secret) })).status).toBe(400);
    const confirmed = await post('/auth/second-factor/confirm', token, { code: codeOf(secret) });
    const { recovery_codes: codes } = confirmed.body.data as unknown as { recovery_codes: string[] };
    expect(codes).toHaveLength(10);
    const first = await login(user);
    expect(first.body.data).toEqual({ mfa_required: true, mfa_token: expect.any(String), expires_in: 300 });
    expect((await t.rest('GET', '/auth/second-factor', { token })).body.data).toEqual({
      enabled: true,
      recovery_codes_left: 10,
      missing: false,
    });
    expect((await post('/auth/second-factor', token, { password: TEST_PASSWORD })).status).toBe(409);
  });

  it('finishes a sign-in, with each code once', async () => {
    const { user, secret } = await enrolled();
    const code = codeOf(secret);
    const answer = await finish(await mfaToken(user), code);
    expect(answer.body.data).toMatchObject({ token_type: 'Bearer', user: { id: user.id } });
    expect((await finish(await mfaToken(user), code)).status).toBe(401);
    expect((await finish(await mfaToken(user), codeOf(secret, -1))).status).toBe(401);
    expect((await finish(await mfaToken(user), codeOf(secret, 1))).status).toBe(200);
  });

  it('takes a code once, also at the same moment', async () => {
    const { user, secret } = await enrolled();
    const tokens = [await mfaToken(user), await mfaToken(user), await mfaToken(user)];
    const answers = await Promise.all(tokens.map((token) => finish(token, codeOf(secret))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('takes each recovery code once, however it is typed', async () => {
    const { user, codes } = await enrolled();
    expect((await finish(await mfaToken(user), ` ${codes[3].toUpperCase().replace('-', ' ')}`)).status).toBe(
      200,
    );
    expect((await finish(await mfaToken(user), codes[3])).status).toBe(401);
    expect((await finish(await mfaToken(user), codes[4])).status).toBe(200);
    expect(await actsOn(user.id)).toContain('second_factor.recovery_code_used ok');
  });

  it('gives new recovery codes for a code of the app', async () => {
    const { user, token, secret, codes } = await enrolled();
    const answer = await post('/auth/second-factor/recovery-codes', token, { code: codeOf(secret) });
    const { recovery_codes: fresh } = answer.body.data as unknown as { recovery_codes: string[] };
    expect((await finish(await mfaToken(user), codes[0])).status).toBe(401);
    expect((await finish(await mfaToken(user), fresh[0])).status).toBe(200);
  });

  it('gives an mfa_token that opens nothing else, once and for its tenant alone', async () => {
    const { user, secret } = await enrolled();
    const token = await mfaToken(user);
    expect((await t.rest('GET', '/auth/me', { token })).status).toBe(401);
    expect((await t.rest('GET', '/admin/groups', { token })).status).toBe(401);
    expect((await post('/auth/refresh', undefined, { refresh_token: token })).status).toBe(401);
    const reset = { token, new_password: 'wolke regen tasse neun' };
    expect((await post('/auth/password/reset', undefined, reset)).status).toBe(401);
    expect((await post('/auth/oidc/exchange', undefined, { code: token })).status).toBe(401);
    const { access_token } = await t.signIn((await t.newUser(tenant.tenantId, ['admin'])).email);
    expect((await finish(access_token, codeOf(secret))).status).toBe(400); // longer than any mfa_token
    expect((await finish(token, codeOf(secret))).status).toBe(200);
    expect((await finish(token, codeOf(secret, 1))).status).toBe(401);
  });

  it('forgets an mfa_token after five minutes and with the person', async () => {
    const { user, secret } = await enrolled();
    const first = await mfaToken(user);
    await t.dataSource.query('UPDATE one_time_tokens SET expires_at = now() WHERE user_id = $1', [user.id]);
    expect((await finish(first, codeOf(secret))).status).toBe(401);
    const second = await mfaToken(user);
    await t.dataSource.query('UPDATE users SET enabled = false WHERE id = $1', [user.id]);
    expect((await finish(second, codeOf(secret))).status).toBe(401);
  });

  it('limits guesses, over several sign-ins and at the same time', async () => {
    const { user, secret } = await enrolled();
    const tokens: string[] = [];
    for (let i = 0; i < 4; i += 1) tokens.push(await mfaToken(user));
    const guesses = Array.from({ length: 12 }, (_, i) => finish(tokens[i % 4], wrongCode(secret)));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect([401, 429].map((code) => statuses.filter((status) => status === code).length)).toEqual([5, 7]);
    const locked = await finish(await mfaToken(user), codeOf(secret));
    expect(locked.status).toBe(429);
    expect(await actsOn(user.id)).toContain('session.lockout refused');
  });

  it('is disabled with password and code', async () => {
    const { user, token, secret } = await enrolled();
    const disable = (body: object) => post('/auth/second-factor/disable', token, body);
    expect((await disable({ code: codeOf(secret) })).status).toBe(400);
    expect((await disable({ code: codeOf(secret), password: 'wrong' })).status).toBe(401);
    expect((await disable({ code: wrongCode(secret), password: TEST_PASSWORD })).status).toBe(401);
    expect((await disable({ code: codeOf(secret), password: TEST_PASSWORD })).status).toBe(200);
    expect((await login(user)).body.data).toHaveProperty('access_token');
    expect(await actsOn(user.id)).toEqual(
      expect.arrayContaining(['second_factor.enable ok', 'second_factor.disable ok']),
    );
  });

  it('is taken away by an administrator, on record', async () => {
    const { user } = await enrolled();
    const path = `/admin/users/${user.id}/second-factor`;
    expect(
      (await t.rest('GET', `/admin/users/${user.id}`, { token: tenant.adminToken })).body.data,
    ).toMatchObject({
      has_second_factor: true,
    });
    expect((await t.rest('DELETE', path, { token: tenant.adminToken })).status).toBe(200);
    expect((await t.rest('DELETE', path, { token: tenant.adminToken })).status).toBe(404);
    expect((await login(user)).body.data).toHaveProperty('access_token');
    expect(await actsOn(user.id)).toContain('user.reset_second_factor ok');
  });

  it('may be asked for by the tenant, of people of the platform', async () => {
    const settings = { token: tenant.adminToken, body: { require_second_factor: true } };
    expect((await t.rest('PUT', '/admin/sign-in-settings', settings)).status).toBe(200);
    const admin = await t.newUser(tenant.tenantId, ['admin']);
    const { access_token: token } = (await login(admin)).body.data as unknown as SignedIn;
    const refused = await t.rest('GET', '/admin/groups', { token });
    expect([refused.status, refused.body.message]).toEqual([403, expect.stringMatching(/second factor/)]);
    expect((await t.rest('GET', '/auth/second-factor', { token })).body.data).toMatchObject({
      missing: true,
    });
    const { secret } = await begin(admin, token);
    await post('/auth/second-factor/confirm', token, { code: codeOf(secret) });
    expect((await t.rest('GET', '/admin/groups', { token })).status).toBe(200);
    const customer = await t.newUser(tenant.tenantId, ['customer']);
    const own = await t.signIn(customer.email);
    expect((await t.rest('GET', '/auth/second-factor', { token: own.access_token })).body.data).toMatchObject(
      {
        missing: false,
      },
    );
  });

  it('keeps secret and recovery codes unreadable', async () => {
    const { secret, codes } = await enrolled();
    const rows: { row: string }[] = await t.dataSource.query('SELECT s::text AS row FROM second_factors s');
    const bytes = Secret.fromBase32(secret).hex.toLowerCase();
    const forms = [
      secret,
      Buffer.from(secret).toString('hex'),
      bytes,
      codes[0],
      Buffer.from(codes[0]).toString('hex'),
    ];
    for (const form of forms) expect(rows.map(({ row }) => row).join('\n')).not.toContain(form);
  });
});
