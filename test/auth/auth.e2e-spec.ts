import { hash } from '@node-rs/argon2';
import { createHmac, type KeyObject } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { AdminAuditLog } from '../../src/access/audit/audit-log.entity.js';
import { RefreshToken } from '../../src/auth/sign-in/refresh-token.entity.js';
import { Tenant } from '../../src/access/tenant.entity.js';
import { User } from '../../src/access/user.entity.js';
import { DomainEvent } from '../../src/platform/replicas/domain-event.entity.js';
import { SecretBox } from '../../src/platform/secrets/secret-box.js';
import { createTestApp, type SignedIn, TEST_PASSWORD, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const UNKNOWN_USER = '01a1fc2e-cfb8-7648-9fcd-c4461f6942da';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()) as {
    sub: string;
    tid: string;
    sid: string;
  };

describe('signing in', () => {
  let t: TestApp;
  const replicas: TestApp[] = [];
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    await t.close();
  });

  const login = (email: string, password: string, tenant?: string) =>
    t.rest('POST', '/auth/login', { body: { email, password, tenant } });
  const refresh = (token: string) => t.rest('POST', '/auth/refresh', { body: { refresh_token: token } });
  const me = (token: string) => t.rest('GET', '/auth/me', { token });
  const newUser = async (roles: readonly string[] = ['admin']) =>
    t.newUser((await t.newTenant()).tenantId, roles);

  /** A token as ours, but for what the test changes. */
  const forge = (claims: object, options: { alg?: string; key?: KeyObject | Buffer } = {}) => {
    const seconds = Math.floor(Date.now() / 1000);
    const usual = {
      iss: 'toolcrib',
      aud: 'toolcrib-api',
      iat: seconds,
      exp: seconds + 60,
      sub: UNKNOWN_USER,
      tid: UNKNOWN_USER,
    };
    const { alg = 'HS256', key = t.app.get(SecretBox).tokenSigningKey } = options;
    const text = `${part({ alg, typ: 'JWT' })}.${part({ ...usual, ...claims })}`;
    const signature = alg === 'none' ? '' : createHmac('sha256', key).update(text).digest('base64url');
    return `${text}.${signature}`;
  };

  describe('POST /auth/login', () => {
    it('gives tokens and says who signed in', async () => {
      const user = await newUser(['admin', 'auditor']);
      const answer = await login(user.email, TEST_PASSWORD);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        success: true,
        data: {
          token_type: 'Bearer',
          expires_in: 900,
          access_token: expect.stringMatching(/^eyJ/),
          refresh_token: expect.stringMatching(/^[\w-]{43}$/),
          user: { id: user.id, email: user.email, roles: ['admin', 'auditor'], tenant_id: user.tenantId },
        },
      });
      expect(JSON.stringify(answer.body)).not.toContain('argon2');
    });

    it('does not care about the case of the address', async () => {
      const user = await newUser();
      expect((await login(` ${user.email.toUpperCase()} `, TEST_PASSWORD)).status).toBe(200);
    });

    it('takes a password however the keyboard composes it, and hashes anew what was hashed as typed', async () => {
      const [apart, composed] = ['caf\u0065\u0301 on the corner', 'caf\u00e9\u00a0on the corner'];
      const user = await newUser();
      const hashOf = async () =>
        (await t.dataSource.query<Hashed[]>('SELECT password_hash FROM users WHERE id = $1', [user.id]))[0];
      type Hashed = { password_hash: string };
      await t.dataSource.query('UPDATE users SET password_hash = $2 WHERE id = $1', [
        user.id,
        await hash(apart),
      ]);
      const old = await hashOf();
      expect((await login(user.email, 'another that is wrong')).status).toBe(401);
      expect(await hashOf()).toEqual(old);
      expect((await login(user.email, apart)).status).toBe(200);
      expect(await hashOf()).not.toEqual(old);
      for (const typed of [apart, composed]) expect((await login(user.email, typed)).status).toBe(200);
    });

    it('finds an address in any writing of its domain, also on file as it was typed once', async () => {
      const [user, old] = [await newUser(), await newUser()];
      const put = (id: string, email: string) =>
        t.dataSource.query('UPDATE users SET email = $2 WHERE id = $1', [id, email]);
      const name = user.id.slice(0, 13);
      await put(user.id, `${name}@xn--mnchen-3ya.example`);
      await put(old.id, `old-${name}@münchen.example`);
      for (const domain of ['MÜNCHEN.example', 'mu\u0308nchen.example', 'xn--mnchen-3ya.example'])
        for (const local of [name, `old-${name}`])
          expect((await login(`${local}@${domain}`, TEST_PASSWORD)).status).toBe(200);
      const wide = user.email
        .replace('@', '＠')
        .replace(/[a-z]/, (letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0));
      await put(user.id, user.email);
      for (const typed of [wide, `\u202a${user.email}\u202c`, ` ${user.email}\u200b`])
        expect((await login(typed, TEST_PASSWORD)).status).toBe(200);
    });

    it('answers the same to a wrong password, an unknown, a disabled and a passwordless person', async () => {
      const [wrong, disabled, passwordless] = [await newUser(), await newUser(), await newUser()];
      await t.dataSource.getRepository(User).update(disabled.id, { enabled: false });
      await t.dataSource.getRepository(User).update(passwordless.id, { passwordHash: null });
      const answers = [
        await login(wrong.email, 'not the password'),
        await login('nobody@example.test', TEST_PASSWORD),
        await login(disabled.email, TEST_PASSWORD),
        await login(passwordless.email, TEST_PASSWORD),
      ];
      for (const { status, body } of answers) {
        expect(status).toBe(401);
        expect(body).toEqual({
          success: false,
          message: 'E-mail or password is wrong',
          error: { code: 'unauthenticated' },
        });
      }
    });

    it('refuses the people of a disabled tenant', async () => {
      const user = await newUser();
      await t.dataSource.getRepository(Tenant).update(user.tenantId, { enabled: false });
      expect((await login(user.email, TEST_PASSWORD)).status).toBe(401);
    });

    it.each([
      [{}, ['email', 'password']],
      [{ email: 'x', password: 'y' }, ['email']],
      [{ email: 'a@b.test', password: '' }, ['password']],
      [{ email: 'a@b.test', password: { $ne: '' } }, ['password']],
      [{ email: 'a@b.test', password: 'x', role: 'owner' }, ['role']],
      [{ email: 'a@b.test', password: 'a\u0000b' }, ['password']],
    ])('names each wrong field of %j', async (body, fields) => {
      const answer = await t.rest('POST', '/auth/login', { body });
      expect(answer.status).toBe(400);
      expect(answer.body.error.code).toBe('invalid_input');
      expect(new Set(answer.body.error.details?.map(({ field }) => field))).toEqual(new Set(fields));
    });

    it('asks for the tenant when an address and password fit several', async () => {
      const [first, second] = [await t.newTenant(), await t.newTenant()];
      const user = await t.newUser(first.tenantId, ['admin']);
      const twin = await t.newUser(second.tenantId, ['admin']);
      await t.dataSource.getRepository(User).update(twin.id, { email: user.email });
      expect((await login(user.email, TEST_PASSWORD)).body.error.details).toMatchObject([
        { field: 'tenant' },
      ]);
      const answer = await login(user.email, TEST_PASSWORD, second.tenantName);
      expect(answer.body.data).toMatchObject({ user: { id: twin.id, tenant_name: second.tenantName } });
    });

    it('locks an address after five failures, also for the right password', async () => {
      const user = await newUser();
      for (let i = 0; i < 5; i += 1) expect((await login(user.email, `wrong ${i}`)).status).toBe(401);
      const locked = await login(user.email, TEST_PASSWORD);
      expect(locked.status).toBe(429);
      expect(locked.body.error.code).toBe('too_many_requests');
      expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await login((await newUser()).email, TEST_PASSWORD)).status).toBe(200);
    });
  });

  it('lets no more than five simultaneous guesses through', async () => {
    const user = await newUser();
    const guesses = Array.from({ length: 12 }, (_, i) => login(user.email, `guess ${i}`));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect([401, 429].map((code) => statuses.filter((status) => status === code).length)).toEqual([5, 7]);
  });

  describe('the lockout', () => {
    /** From another address of this machine. */
    const loginFrom = (localAddress: string, email: string, password: string) =>
      new Promise<{ status: number; retryAfter: number }>((settle, reject) => {
        const headers = { 'content-type': 'application/json' };
        const options = { method: 'POST', headers, localAddress };
        const request = httpRequest(`${t.url}/api/v1/auth/login`, options, (response) => {
          response.resume();
          settle({ status: response.statusCode ?? 0, retryAfter: Number(response.headers['retry-after']) });
        });
        request.on('error', reject).end(JSON.stringify({ email, password }));
      });
    const failFrom = async (address: string, email: string, times: number) => {
      for (let i = 0; i < times; i += 1) await loginFrom(address, email, `wrong ${i}`);
    };
    const waitOver = () => t.dataSource.query('UPDATE sign_in_attempts SET locked_until = now()');

    it('waits longer each time, up to a quarter of an hour, and forgets with a success', async () => {
      const { email } = await newUser();
      await failFrom('127.0.0.2', email, 4);
      const waits: number[] = [];
      for (let i = 0; i < 7; i += 1) {
        expect((await loginFrom('127.0.0.2', email, 'wrong')).status).toBe(401);
        const locked = await loginFrom('127.0.0.2', email, TEST_PASSWORD);
        expect(locked.status).toBe(429);
        waits.push(Math.ceil(locked.retryAfter / 60));
        await waitOver();
      }
      expect(waits).toEqual([1, 2, 4, 8, 15, 15, 15]);
      expect((await loginFrom('127.0.0.2', email, TEST_PASSWORD)).status).toBe(200);
      await failFrom('127.0.0.2', email, 4);
      expect((await loginFrom('127.0.0.2', email, TEST_PASSWORD)).status).toBe(200);
    });

    it('holds on every replica and after a restart', async () => {
      const { email } = await newUser();
      await failFrom('127.0.0.2', email, 5);
      const stored: unknown[] = await t.dataSource.query(
        'SELECT 1 FROM sign_in_attempts WHERE locked_until > now()',
      );
      expect(stored.length).toBeGreaterThan(0);
      const replica = await createTestApp({ database: t.database });
      replicas.push(replica); // closing it now would take its passport strategies, which the process shares, with it
      const answer = await replica.rest('POST', '/auth/login', { body: { email, password: TEST_PASSWORD } });
      expect(answer.status).toBe(200); // from 127.0.0.1, where nobody failed
      expect((await loginFrom('127.0.0.2', email, TEST_PASSWORD)).status).toBe(429);
    });

    it('cannot be used to keep a person out', async () => {
      const { email } = await newUser();
      expect((await loginFrom('127.0.0.3', email, TEST_PASSWORD)).status).toBe(200);
      for (let n = 10; n < 21; n += 1) await failFrom(`127.0.0.${n}`, email, 5);
      // The account is slowed down for addresses that nobody knows, and not where its owner signed in before.
      expect((await loginFrom('127.0.0.40', email, TEST_PASSWORD)).status).toBe(429);
      expect((await loginFrom('127.0.0.3', email, TEST_PASSWORD)).status).toBe(200);
    });

    it('slows an address down that tries many accounts', async () => {
      const env = { SIGN_IN_FAILURES_PER_ADDRESS: '6' };
      const strict = await createTestApp({ database: t.database, env });
      replicas.push(strict);
      const person = await newUser();
      for (let n = 0; n < 6; n += 1) await loginFrom('127.0.0.5', `nobody${n}@example.test`, 'wrong');
      expect((await loginFrom('127.0.0.5', person.email, TEST_PASSWORD)).status).toBe(429);
      expect((await loginFrom('127.0.0.6', person.email, TEST_PASSWORD)).status).toBe(200);
      const usual = await createTestApp({ database: t.database });
      replicas.push(usual);
    });

    it('counts each account by itself: coming in to one forgives nothing of another of the same address', async () => {
      const [victims, own] = [await t.newTenant(), await t.newTenant()];
      const victim = await t.newUser(victims.tenantId, ['admin']);
      const attacker = await t.newUser(own.tenantId, ['customer']);
      await t.dataSource.getRepository(User).update(attacker.id, { email: victim.email });
      const guess = async (n: number) => (await login(victim.email, `guess ${n}`, victims.tenantName)).status;
      const statuses: number[] = [];
      for (let n = 0; n < 12; n += 1) {
        statuses.push(await guess(n));
        if (n % 4 !== 3) continue;
        const { status } = await login(victim.email, TEST_PASSWORD, own.tenantName);
        statuses.push(status);
      }
      expect(statuses.filter((status) => status === 401)).toHaveLength(5);
      // The same for an address that the tenant does not know, so that the delay tells nobody who is known there.
      const nobody = await t.newTenant();
      const there = (n: number) => login(attacker.email, `guess ${n}`, nobody.tenantName);
      for (let n = 0; n < 5; n += 1) await there(n);
      expect((await there(5)).status).toBe(429);
    });

    it('knows an account by its address and by its username', async () => {
      const user = await newUser();
      const by = (body: object) => t.rest('POST', '/auth/login', { body: { password: 'wrong', ...body } });
      const statuses: number[] = [];
      for (let n = 0; n < 6; n += 1) {
        statuses.push((await by(n % 2 ? { email: user.email } : { username: user.username })).status);
      }
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
      expect((await login(user.email, TEST_PASSWORD)).status).toBe(429);
    });

    it('is the same for people whom nobody knows', async () => {
      const { email } = await newUser();
      const answers = [];
      for (const address of [email, 'stranger@example.test']) {
        await failFrom('127.0.0.7', address, 5);
        answers.push(await loginFrom('127.0.0.7', address, 'wrong'));
      }
      expect(answers.map(({ status }) => status)).toEqual([429, 429]);
    });

    it('is on record once for each delay, and keeps neither names nor addresses', async () => {
      const user = await newUser();
      await failFrom('127.0.0.8', user.email, 9);
      const find = () =>
        t.dataSource.getRepository(AdminAuditLog).findBy({ targetId: user.id, action: 'session.lockout' });
      await eventually(async () => (await find()).length > 0); // the answer does not wait for it
      const refusals = await find();
      expect(refusals).toMatchObject([{ result: 'refused', ip: expect.stringContaining('127.0.0.8') }]);
      const rows: { row: string }[] = await t.dataSource.query(
        'SELECT a::text AS row FROM sign_in_attempts a',
      );
      const text = rows.map(({ row }) => row).join('\n');
      for (const secret of [user.email, '127.0.0.8']) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('hex'));
      }
    });
  });

  describe('POST /auth/password', () => {
    const NEW_PASSWORD = 'wolke regen tasse neun';
    const change = (token: string, old_password: string, new_password: string) =>
      t.rest('POST', '/auth/password', { token, body: { old_password, new_password } });

    it('needs the old one, and ends the other sign-ins', async () => {
      const user = await newUser();
      const [here, elsewhere] = [await t.signIn(user.email), await t.signIn(user.email)];
      expect((await change(here.access_token, 'wrong', NEW_PASSWORD)).status).toBe(401);
      expect((await change(here.access_token, TEST_PASSWORD, NEW_PASSWORD)).status).toBe(200);
      expect((await me(here.access_token)).status).toBe(200);
      expect((await refresh(here.refresh_token)).status).toBe(200);
      expect((await me(elsewhere.access_token)).status).toBe(401);
      expect((await refresh(elsewhere.refresh_token)).status).toBe(401);
      expect((await login(user.email, NEW_PASSWORD)).status).toBe(200);
      expect((await login(user.email, TEST_PASSWORD)).status).toBe(401);
      const acts = await t.dataSource.getRepository(AdminAuditLog).findBy({ targetId: user.id });
      expect(acts.map(({ action }) => action)).toContain('password.change');
      expect(JSON.stringify(acts)).not.toContain(NEW_PASSWORD);
    });

    it.each(['short', 'password1234', 'qwertyuiop123', 'x'.repeat(257), 'toolcrib toolcrib'])(
      'refuses the new one %s',
      async (password) => {
        const { access_token } = await t.signIn((await newUser()).email);
        const answer = await change(access_token, TEST_PASSWORD, password);
        expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, 'new_password']);
      },
    );

    it('limits guesses at the old one', async () => {
      const { access_token } = await t.signIn((await newUser()).email);
      for (let i = 0; i < 5; i += 1) {
        expect((await change(access_token, `wrong ${i}`, NEW_PASSWORD)).status).toBe(401);
      }
      expect((await change(access_token, TEST_PASSWORD, NEW_PASSWORD)).status).toBe(429);
    });
  });

  describe('POST /auth/password/forgot', () => {
    const forget = (body: object) => t.rest('POST', '/auth/password/forgot', { body });
    const events = (tenantId: string) => t.dataSource.getRepository(DomainEvent).findBy({ tenantId });

    it('answers the same for everybody, and stores one event for who is known', async () => {
      const user = await newUser();
      const disabled = await newUser();
      await t.dataSource.getRepository(User).update(disabled.id, { enabled: false });
      const answers = [
        await forget({ email: user.email }),
        await forget({ email: user.email }),
        await forget({ username: user.username }),
        await forget({ email: disabled.email }),
        await forget({ email: 'stranger@example.test' }),
      ];
      for (const { status, body } of answers) expect([status, body]).toEqual([200, answers[0].body]);
      expect(await events(user.tenantId)).toMatchObject([
        { kind: 'user.password_forgotten', payload: { user_id: user.id } },
      ]);
      expect(await events(disabled.tenantId)).toEqual([]);
    });

    it('takes no less time for a stranger', async () => {
      const time = async (email: string) => {
        const began = performance.now();
        await forget({ email });
        return performance.now() - began;
      };
      const { email } = await newUser();
      expect(Math.min(await time(email), await time('nobody@example.test'))).toBeGreaterThan(240);
    });

    it('is limited by address', async () => {
      let last = await forget({ email: 'nobody@example.test' });
      for (let i = 0; i < 10; i += 1) last = await forget({ email: 'nobody@example.test' });
      expect([last.status, Number(last.headers.get('retry-after')) > 3000]).toEqual([429, true]);
    });
  });

  describe('/auth/sessions', () => {
    it('lists where one is signed in, and ends it', async () => {
      const user = await newUser();
      const headers = { 'user-agent': 'Second browser' };
      const here = await t.signIn(user.email);
      const body = { email: user.email, password: TEST_PASSWORD };
      const second = (await t.rest('POST', '/auth/login', { body, headers })).body
        .data as unknown as SignedIn;
      const list = async () => (await t.rest('GET', '/auth/sessions', { token: here.access_token })).items;
      expect(await list()).toMatchObject([
        { method: 'password', user_agent: 'Second browser', current: false },
        { method: 'password', current: true, ip: expect.any(String) },
      ]);
      const [other] = await list();
      const end = (id: string, token = here.access_token) =>
        t.rest('DELETE', `/auth/sessions/${id}`, { token });
      const stranger = await t.signIn((await newUser()).email);
      expect((await end(other.id, stranger.access_token)).status).toBe(404);
      expect((await end(other.id)).status).toBe(200);
      expect((await me(second.access_token)).status).toBe(401);
      expect(await list()).toHaveLength(1);
    });

    it('ends all but this one', async () => {
      const user = await newUser();
      const [here, there] = [await t.signIn(user.email), await t.signIn(user.email)];
      await t.rest('DELETE', '/auth/sessions', { token: here.access_token });
      expect([(await me(here.access_token)).status, (await me(there.access_token)).status]).toEqual([
        200, 401,
      ]);
    });

    it('shows no sign-in that has ended by itself', async () => {
      const user = await newUser();
      const [first, here] = [await t.signIn(user.email), await t.signIn(user.email)];
      await refresh(first.refresh_token);
      await refresh(first.refresh_token); // used twice: the sign-in ends
      expect((await t.rest('GET', '/auth/sessions', { token: here.access_token })).items).toHaveLength(1);
    });
  });

  it('signs in by username, too', async () => {
    const user = await newUser();
    const by = (body: object) =>
      t.rest('POST', '/auth/login', { body: { password: TEST_PASSWORD, ...body } });
    expect((await by({ username: user.username })).body.data).toMatchObject({ user: { id: user.id } });
    expect((await by({ username: 'nobody' })).status).toBe(401);
    expect((await by({ username: user.username, password: 'wrong' })).status).toBe(401);
  });

  it('lets any number of simultaneous right sign-ins through', async () => {
    const user = await newUser();
    const answers = await Promise.all(Array.from({ length: 40 }, () => login(user.email, TEST_PASSWORD)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
  });

  describe('access tokens', () => {
    it('open what the roles allow', async () => {
      const { access_token: token } = await t.signIn((await newUser(['consultant'])).email);
      expect((await me(token)).status).toBe(200);
      expect((await t.rest('GET', '/admin/groups', { token })).body.error.code).toBe('forbidden');
    });

    it('are asked for', async () => {
      const answer = await t.rest('GET', '/admin/groups');
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="toolcrib"');
      expect(answer.body.message).toMatch(/Sign in first/);
    });

    it('are refused when they are forged, foreign or over', async () => {
      const { access_token: token } = await t.signIn((await newUser()).email);
      const { sub, tid, sid } = claimsOf(token);
      const past = Math.floor(Date.now() / 1000) - 10;
      expect((await me(forge({ sub, tid, sid }))).status).toBe(200); // the forger has our key: the others differ by one thing
      const refused = {
        unsigned: forge({ sub, tid, sid }, { alg: 'none' }),
        'another key': forge({ sub, tid, sid }, { key: Buffer.alloc(32) }),
        'changed claims': [
          token.split('.')[0],
          forge({ sub, tid, sid }).split('.')[1],
          token.split('.')[2],
        ].join('.'),
        'another issuer': forge({ sub, tid, sid, iss: 'else' }),
        'another audience': forge({ sub, tid, sid, aud: 'else' }),
        'another sign-in': forge({ sub, tid, sid: UNKNOWN_USER }),
        'an unknown user': forge({ tid, sid }),
        'no sign-in': forge({ sub, tid }),
        'another tenant': forge({ sub, sid }),
        'nothing like a token': 'x',
      };
      for (const [name, forged] of Object.entries(refused)) {
        expect([name, (await me(forged)).status]).toEqual([name, 401]);
      }
      const expired = await me(forge({ sub, tid, sid, exp: past }));
      expect([expired.status, expired.body.message]).toEqual([401, expect.stringMatching(/expired/)]);
    });

    it('stop with the user, the tenant and the sign-in', async () => {
      const [user, colleague, leaver] = [await newUser(), await newUser(), await newUser()];
      const [one, two, three] = [
        await t.signIn(user.email),
        await t.signIn(colleague.email),
        await t.signIn(leaver.email),
      ];
      await t.dataSource.getRepository(User).update(user.id, { enabled: false });
      expect((await me(one.access_token)).status).toBe(401);
      expect((await refresh(one.refresh_token)).status).toBe(401);
      await t.dataSource.getRepository(Tenant).update(colleague.tenantId, { enabled: false });
      expect((await me(two.access_token)).status).toBe(401);
      const logout = await t.rest('POST', '/auth/logout', { body: { refresh_token: three.refresh_token } });
      expect(logout.body).toEqual({ success: true, data: null, message: 'Signed out' });
      expect((await me(three.access_token)).status).toBe(401);
    });

    it('follow a change of roles at once', async () => {
      const user = await newUser(['admin']);
      const { access_token: token } = await t.signIn(user.email);
      expect((await t.rest('GET', '/admin/groups', { token })).status).toBe(200);
      await t.dataSource.getRepository(User).update(user.id, { roles: ['consultant'] });
      expect((await t.rest('GET', '/admin/groups', { token })).status).toBe(403);
    });
  });

  describe('POST /auth/refresh', () => {
    it('gives a new pair each time', async () => {
      const first = await t.signIn((await newUser()).email);
      const answer = await refresh(first.refresh_token);
      expect(answer.status).toBe(200);
      const second = answer.body.data as unknown as typeof first;
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect((await me(second.access_token)).status).toBe(200);
      expect((await refresh(second.refresh_token)).status).toBe(200);
    });

    it('keeps nothing of a sign-in that is renewed for years but what has not expired', async () => {
      const user = await newUser();
      let { refresh_token: token } = await t.signIn(user.email);
      for (let year = 0; year < 3; year += 1) {
        const answer = await refresh(token);
        await t.dataSource.query(
          `UPDATE refresh_tokens SET expires_at = now() - interval '1 year' WHERE user_id = $1 AND used_at IS NOT NULL`,
          [user.id],
        );
        token = answer.body.data?.['refresh_token'] as string;
      }
      expect(await t.dataSource.getRepository(RefreshToken).countBy({ userId: user.id })).toBe(2);
    });

    it('ends the sign-in when a token comes a second time', async () => {
      const user = await newUser();
      const [first, elsewhere] = [await t.signIn(user.email), await t.signIn(user.email)];
      const second = (await refresh(first.refresh_token)).body.data as unknown as typeof first;
      expect((await refresh(first.refresh_token)).status).toBe(401);
      expect((await refresh(second.refresh_token)).status).toBe(401);
      expect((await me(second.access_token)).status).toBe(401);
      expect((await me(elsewhere.access_token)).status).toBe(200);
    });

    it('lets only one of two simultaneous uses through', async () => {
      const { refresh_token: token } = await t.signIn((await newUser()).email);
      const answers = await Promise.all([refresh(token), refresh(token), refresh(token)]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    });

    const stillOpen = async (tokens: readonly (SignedIn | null)[]) => {
      const statuses = await Promise.all(
        tokens.flatMap((signedIn) =>
          signedIn ? [me(signedIn.access_token), refresh(signedIn.refresh_token)] : [],
        ),
      );
      return statuses.some(({ status }) => status === 200);
    };

    it('renews nothing that a sign-out at the same moment ends', async () => {
      const { email } = await newUser();
      for (let round = 0; round < 20; round++) {
        const first = await t.signIn(email);
        const renewing = refresh(first.refresh_token);
        const logout = t.rest('POST', '/auth/logout', { body: { refresh_token: first.refresh_token } });
        const [renewed] = await Promise.all([renewing, logout]);
        const second = renewed.status === 200 ? (renewed.body.data as unknown as SignedIn) : null;
        expect(await stillOpen([first, second])).toBe(false);
      }
    });

    it('renews nothing that a token used twice ends at the same moment', async () => {
      const { email } = await newUser();
      for (let round = 0; round < 20; round++) {
        const first = await t.signIn(email);
        const second = (await refresh(first.refresh_token)).body.data as unknown as SignedIn;
        const [renewed] = await Promise.all([refresh(second.refresh_token), refresh(first.refresh_token)]);
        const third = renewed.status === 200 ? (renewed.body.data as unknown as SignedIn) : null;
        expect(await stillOpen([first, second, third])).toBe(false);
      }
    });

    it('refuses expired, unknown and missing tokens', async () => {
      const user = await newUser();
      const { refresh_token: token } = await t.signIn(user.email);
      await t.dataSource.getRepository(RefreshToken).update({ userId: user.id }, { expiresAt: new Date(0) });
      expect((await refresh(token)).status).toBe(401);
      expect((await refresh('unknown')).status).toBe(401);
      expect((await t.rest('POST', '/auth/refresh', { body: {} })).body.error.details).toMatchObject([
        { field: 'refresh_token', message: 'refresh_token is required' },
      ]);
    });

    it('keeps no token in the clear', async () => {
      const { refresh_token: token } = await t.signIn((await newUser()).email);
      const rows: { row: string }[] = await t.dataSource.query('SELECT r::text AS row FROM refresh_tokens r');
      expect(rows.map(({ row }) => row).join('\n')).not.toContain(token);
    });
  });
});
