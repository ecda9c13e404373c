import { LiveClient } from '../support/live.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const STRANGERS_MAX = 500;
const PER_CLIENT = 50;

describe('/ws, full of connections that do not sign in', () => {
  let t: TestApp;
  let tenant: TestTenant;
  const strangers: LiveClient[] = [];

  const open = (ip: string) => LiveClient.open(t.url, { headers: { 'x-forwarded-for': ip } });

  beforeAll(async () => {
    t = await createTestApp({ env: { TRUST_PROXY: 'loopback', LIVE_SIGN_IN_MS: '60000' } });
    tenant = await t.newTenant();
    for (let client = 0; client < STRANGERS_MAX / PER_CLIENT; client++)
      for (let n = 0; n < PER_CLIENT; n++) strangers.push(open(`198.51.100.${client + 1}`));
    await Promise.all(strangers.map((stranger) => stranger.opened()));
  });
  afterAll(async () => {
    await Promise.all(strangers.map((stranger) => stranger.close()));
    await t?.close();
  });

  it('lets in who signs in with a message: the network that has most of them makes room', async () => {
    const person = open('203.0.113.7');
    await person.opened();
    person.say({ type: 'authenticate', token: tenant.adminToken });
    await person.hears('welcome');
    expect(await strangers[0].closed).toMatchObject({ reason: 'You have not signed in, and others wait' });
    await person.close();
  });

  it('lets in who brings a token with the request, also from a client that has used its share up', async () => {
    const headers = { authorization: `Bearer ${tenant.adminToken}`, 'x-forwarded-for': '198.51.100.5' };
    const person = LiveClient.open(t.url, { headers });
    await person.hears('welcome');
    await person.close();
  });

  it('takes no more of a client than its share', async () => {
    expect(await open('198.51.100.5').closed).toMatchObject({ code: 429 });
  });
});
