import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { barriersOf, goTo, inBrowser, openBrowser, type PageLook, signedInPage } from '../support/browser.js';
import { LiveClient } from '../support/live.js';
import { legacy, send } from '../support/mcp.js';
import { createTestApp, TEST_PASSWORD, type TestApp } from '../support/test-app.js';

const INITIAL_SCRIPT_MAX_BYTES = 300 * 1024;
/** Beside those that need something to show. */
const PAGES =
  '/tools /tools?id=search_users /calls /people /sign-in /tenants /features /alerts /jobs /server /audit /account /evidence /configuration /automation /automation/runs /automation/settings /agents'.split(
    ' ',
  );
const LOOKS = [
  { language: 'en-GB', colorScheme: 'light', width: 1280 },
  { language: 'zh-CN', colorScheme: 'dark', width: 390 },
] as const;
type Person = { readonly email: string; readonly password: string };
const BUILT = `${__dirname}/../../dist/console`;

/** Calls a tool as an agent does. @returns The HTTP status. */
async function callTool(url: string, code: string, key: string, name: string, args: object): Promise<number> {
  const call = legacy('tools/call', { name, arguments: args });
  return (await send({ id: '', code, key, url: `${url}/mcp/${code}/mcp` }, call)).status;
}

describe('the console', () => {
  let below: TestApp;
  let t: TestApp;
  beforeAll(async () => {
    const env = { PUBLIC_URL: 'https://tools.example.com/crib/', ALLOWED_HOSTS: '*' };
    below = await createTestApp({ env });
    // The last one, because passport knows one strategy per process: that of the app that was made last.
    t = await createTestApp();
  });
  afterAll(async () => {
    await below.close();
    await t.close();
  });

  const get = (path: string, headers: Record<string, string> = { accept: 'text/html,*/*' }) =>
    fetch(`${t.url}${path}`, { headers });

  describe('its page', () => {
    it('is at every address that is nobody else’s, for browsers', async () => {
      for (const path of ['/', '/groups', '/calls?success=false', '/no/such/page']) {
        const answer = await get(path);
        expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
          path,
          200,
          'text/html; charset=utf-8',
        ]);
        expect(await answer.text()).toContain('<base href="/" />');
      }
    });

    it('finds what it needs below the path of PUBLIC_URL', async () => {
      const html = await (
        await fetch(`http://127.0.0.1:${below.config.port}/groups`, { headers: { accept: 'text/html' } })
      ).text();
      expect(html).toContain('<base href="/crib/" />');
      expect(html).not.toMatch(/(src|href)="\/assets/);
    });

    it('leaves the addresses of clients alone: what is not there is 404 in JSON', async () => {
      for (const path of [
        '/api',
        '/api/v1/nothing',
        '/.well-known/oauth-authorization-server',
        '/oauth/x',
        '/assets/no.js',
      ]) {
        const { status, headers } = await get(path);
        expect([path, status, headers.get('content-type')?.split(';')[0]]).toEqual([
          path,
          404,
          'application/json',
        ]);
      }
      expect((await get('/mcp/nothing')).headers.get('content-type')).toMatch('application/json');
      expect((await get('/authorize', { accept: 'application/json' })).status).toBe(404);
      expect((await get('/api/docs')).headers.get('content-type')).toMatch('text/html');
      expect(
        (await fetch(`${t.url}/groups`, { method: 'POST', headers: { accept: 'text/html' } })).status,
      ).toBe(404);
    });

    it('lets in no script but ours, no style without its mark, no other host, and no frame around it', async () => {
      const [one, other] = [await get('/'), await get('/')];
      const policy = one.headers.get('content-security-policy')!;
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w+/=]+';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(policy).not.toBe(other.headers.get('content-security-policy'));
      expect(one.headers.get('cache-control')).toBe('no-cache');
      const nonce = /nonce-([\w+/=]+)/.exec(policy)![1];
      expect(await one.text()).toContain(`nonce="${nonce}"`);
    });

    it('loads at most 300 KB of script at first, compressed beforehand and kept for good', async () => {
      const html = await (await get('/')).text();
      const scripts = [
        ...html.matchAll(/(?:src|modulepreload" crossorigin href)="\.\/(assets\/[^"]+\.js)"/g),
      ].map(([, file]) => file);
      const bytes = scripts.map((file) => gzipSync(readFileSync(`${BUILT}/${file}`), { level: 9 }).length);
      expect(scripts.length).toBeGreaterThan(0);
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(INITIAL_SCRIPT_MAX_BYTES);
      for (const coding of ['br', 'gzip']) {
        const { headers } = await get(`/${scripts[0]}`, { 'accept-encoding': coding });
        expect(headers.get('content-encoding')).toBe(coding);
        expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
        expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      }
      expect(
        (await get(`/${scripts[0]}`, { 'accept-encoding': 'identity' })).headers.get('content-encoding'),
      ).toBeNull();
    });

    it('names no other host in what it loads', () => {
      const css = readdirSync(`${BUILT}/assets`).filter((name) => name.endsWith('.css'));
      for (const name of css)
        expect(readFileSync(`${BUILT}/assets/${name}`, 'utf8')).not.toMatch(/url\(["']?(https?:)?\/\//);
    });
  });

  describe('signing in from it', () => {
    const browser = (path: string, body: object, headers: Record<string, string> = {}) =>
      t.rest('POST', `/auth/browser/${path}`, {
        body,
        headers: { origin: t.url, ...headers },
      });
    const cookieOf = ({ headers }: { headers: Headers }) => headers.get('set-cookie') ?? '';
    const signIn = async () => {
      const { caller } = await t.newTenant();
      const answer = await browser('login', { email: caller.email, password: TEST_PASSWORD });
      return { answer, cookie: cookieOf(answer).split(';')[0] };
    };

    it('keeps the refresh token in a cookie that no script reads and no other route gets', async () => {
      const { answer } = await signIn();
      expect(answer.status).toBe(200);
      expect(answer.body.data).toMatchObject({
        access_token: expect.any(String),
        user: { permissions: expect.arrayContaining(['groups.write']) },
      });
      expect(answer.body.data).not.toHaveProperty('refresh_token');
      expect(cookieOf(answer)).toMatch(
        /^toolcrib_sign_in=[\w-]{43}; Path=\/api\/v1\/auth\/browser; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
      );
    });

    it('renews by the cookie; a page loaded anew meanwhile may repeat it, and after sign-out nothing renews', async () => {
      const { cookie } = await signIn();
      const first = await browser('refresh', {}, { cookie });
      const repeated = await browser('refresh', {}, { cookie });
      expect([first.status, repeated.status]).toEqual([200, 200]);
      const latest = cookieOf(first).split(';')[0];
      expect(latest).not.toBe(cookie);
      const token = (first.body.data as unknown as { access_token: string }).access_token;
      const out = await browser('logout', {}, { cookie: latest });
      expect(cookieOf(out)).toMatch(/^toolcrib_sign_in=; .*Max-Age=0/);
      expect((await browser('refresh', {}, { cookie: latest })).status).toBe(401);
      expect((await t.rest('GET', '/auth/me', { token })).status).toBe(401);
    });

    it('takes a copied cookie for what it is when it comes later', async () => {
      const { cookie } = await signIn();
      const renewed = cookieOf(await browser('refresh', {}, { cookie })).split(';')[0];
      await t.dataSource.query(
        "UPDATE refresh_tokens SET used_at = used_at - interval '31 seconds' WHERE used_at IS NOT NULL",
      );
      expect((await browser('refresh', {}, { cookie })).status).toBe(401);
      expect((await browser('refresh', {}, { cookie: renewed })).status).toBe(401);
    });

    it('is for pages of this service only', async () => {
      const { cookie } = await signIn();
      for (const site of ['same-site', 'cross-site', 'none'])
        expect((await browser('refresh', {}, { cookie, 'sec-fetch-site': site })).status).toBe(403);
      expect((await browser('refresh', {}, { cookie, origin: 'https://evil.example.com' })).status).toBe(403);
      expect((await browser('refresh', {}, {})).status).toBe(401);
    });
  });

  it('is told of news by whoever may know: calls as they are recorded, changes of others', async () => {
    const tenant = await t.newTenant();
    const { body } = await t.rest('POST', '/admin/groups', {
      token: tenant.adminToken,
      body: { name: 'Watched' },
    });
    const client = await LiveClient.follow(t.url, tenant.adminToken);
    await client.ask({ type: 'watch', id: 'w', topics: ['calls', 'changes'] });
    await callTool(t.url, body.data.server_code, body.data.api_key, 'no_such_tool', {});
    await client.hears('news', ({ topic }) => topic === 'calls');
    await t.rest('PUT', `/admin/groups/${body.data.id}`, {
      token: tenant.adminToken,
      body: { name: 'Changed' },
    });
    await client.hears('news', ({ topic }) => topic === 'changes');
    expect(await client.ask({ type: 'watch', id: 'x', topics: ['weather'] })).toMatchObject({
      type: 'error',
      code: 'invalid_input',
    });
    await client.close();
    const { email } = await t.newUser(tenant.tenantId, ['consultant']);
    const consultant = await LiveClient.follow(t.url, (await t.signIn(email)).access_token);
    expect(await consultant.ask({ type: 'watch', id: 'y', topics: ['calls'] })).toMatchObject({
      type: 'error',
      code: 'forbidden',
    });
    await consultant.close();
  });

  inBrowser('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser.close();
    });

    const owner = async () => {
      const { caller } = await t.newTenant();
      return { email: caller.email, password: TEST_PASSWORD };
    };
    const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

    it('leads from the first sign-in to the first call, and shows it with its proof', async () => {
      const { page, complaints } = await signedInPage(browser, t.url, await owner());
      await goTo(page, '/groups');
      await button(page, 'New group').first().click();
      await page.getByLabel('Name').last().fill('Customer service');
      await button(page, 'Create').click();
      await page.getByText('Its first key').waitFor();
      const key = (await page.getByRole('dialog').locator('pre', { hasText: 'mcp_key_' }).textContent())!;
      await button(page, 'I have it').click();
      await button(page, 'Add tools').first().click();
      await page.getByRole('checkbox', { name: 'search_users' }).check();
      await page.getByRole('button', { name: /^Add \(1\)/ }).click();
      await page.getByRole('tab', { name: 'Connect' }).click();
      await page.getByText('Waiting for the first call').waitFor();
      const code = /mcp\/([\w-]+)\/mcp/.exec(await page.locator('main').innerText())![1];
      await callTool(t.url, code, key, 'search_users', { query: 'emma' });
      await page.getByText('The last call: search_users').waitFor();
      await page.getByRole('link', { name: 'See it' }).click();
      await page.getByRole('dialog').getByText('"emma"').waitFor();
      expect(page.url()).not.toContain(key);
      expect(await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])')).not.toContain(
        'mcp_key_',
      );
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    it('finds a failing call, shows markup in it as text, and appends what comes while one looks', async () => {
      const person = await owner();
      const { access_token: token } = await t.signIn(person.email);
      const { body } = await t.rest('POST', '/admin/groups', {
        token,
        body: { name: '<img src=x onerror=alert(1)>' },
      });
      const { server_code: code, api_key: key } = body.data;
      await callTool(t.url, code, key, '<svg onload=alert(1)>', { '<b>x</b>': '<script>alert(1)</script>' });
      const { page, complaints } = await signedInPage(browser, t.url, person);
      page.on('dialog', () => (complaints as string[]).push('a dialog opened'));
      await goTo(page, '/calls?success=false');
      await page.getByRole('button', { name: '<svg onload=alert(1)>' }).click();
      await page.getByRole('dialog').getByText('<script>alert(1)</script>').waitFor();
      await page.keyboard.press('Escape');
      await callTool(t.url, code, key, 'comes_later', {});
      await page.getByRole('button', { name: 'comes_later' }).waitFor();
      expect(await page.locator('main img, main script').count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    it('asks for news of calls once, however many come', async () => {
      const person = await owner();
      const { access_token: token } = await t.signIn(person.email);
      const { body } = await t.rest('POST', '/admin/groups', { token, body: { name: 'Busy' } });
      const { page } = await signedInPage(browser, t.url, person);
      const asked: string[] = [];
      page.on('websocket', (socket) =>
        socket.on('framesent', ({ payload }) => void asked.push(String(payload))),
      );
      await page.goto(`${t.url}/calls`);
      for (let count = 1; count <= 4; count++) {
        await callTool(t.url, body.data.server_code, body.data.api_key, `tool_${count}`, {});
        await page.getByText(`tool_${count}`).first().waitFor();
      }
      const watching = asked.filter((text) => text.includes('"watch"'));
      expect(watching.at(-1)).toContain('"calls"');
      expect(watching.length).toBeLessThanOrEqual(2);
      await page.context().close();
    });

    it('rotates a key and shows the new one once', async () => {
      const person = await owner();
      const { access_token: token } = await t.signIn(person.email);
      const { body } = await t.rest('POST', '/admin/groups', { token, body: { name: 'Keys' } });
      const { page } = await signedInPage(browser, t.url, person);
      await goTo(page, `/groups/${body.data.id}/keys`);
      await page.getByRole('button', { name: 'default' }).click();
      await button(page, 'Replace').click();
      await page.getByLabel('It stops at once').check();
      await button(page, 'Replace').last().click();
      const shown = await page
        .locator('pre', { hasText: /mcp_key_[\w-]{49}/ })
        .first()
        .textContent();
      expect(shown).not.toBe(body.data.api_key);
      expect(await callTool(t.url, body.data.server_code, body.data.api_key, 'x', {})).toBe(401);
      await button(page, 'I have it').click();
      expect(await page.content()).not.toContain(shown);
      await page.context().close();
    });

    it('has no barrier on any page, in both languages and colours, wide and narrow', async () => {
      const person = await owner();
      const { access_token: token } = await t.signIn(person.email);
      const { body } = await t.rest('POST', '/admin/groups', { token, body: { name: 'Seen' } });
      await t.rest('POST', `/admin/groups/${body.data.id}/tools`, {
        token,
        body: { tool_name: 'search_users' },
      });
      await callTool(t.url, body.data.server_code, body.data.api_key, 'search_users', { query: 5 });
      const group = `/groups/${body.data.id}`;
      const tabs = ['tools', 'keys', 'connect', 'explain', 'settings'].map((tab) => `${group}/${tab}`);
      const paths = ['/', `/start?group=${body.data.id}`, '/groups', ...tabs, ...PAGES, '/nowhere'];
      const looked = await Promise.all(LOOKS.map((look) => lookAt(paths, person, look)));
      expect(looked).toEqual(LOOKS.map(() => ({ found: {}, complaints: [] })));
    });

    /** What is wrong with each page, for who has this language, these colours and this width. */
    const lookAt = async (paths: readonly string[], person: Person, look: Required<PageLook>) => {
      const { page, complaints } = await signedInPage(browser, t.url, person, look);
      const found: Record<string, unknown> = {};
      for (const path of paths) {
        await goTo(page, path);
        const tooWide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        const barriers = await barriersOf(page);
        const language = await page.locator('html').getAttribute('lang');
        if (tooWide > 0 || barriers.length > 0 || language !== look.language.slice(0, 2))
          found[path] = { tooWide, barriers, language };
      }
      await page.context().close();
      return { found, complaints };
    };
  });
});
