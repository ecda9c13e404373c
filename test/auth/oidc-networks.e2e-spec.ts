import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createTestApp, type TestApp } from '../support/test-app.js';

describe('an outside provider in a private network', () => {
  let t: TestApp;
  let port: number;
  let listening: Server;
  let connections = 0;
  beforeAll(async () => {
    t = await createTestApp();
    listening = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0);
    await once(listening, 'listening');
    ({ port } = listening.address() as AddressInfo);
  });
  afterAll(async () => {
    listening?.close();
    await t?.close();
  });

  const settings = (issuer: string) => ({
    name: 'Inside',
    issuer,
    client_id: 'toolcrib',
    client_secret: 'a secret of the provider',
    enabled: true,
  });

  it.each(['http://127.0.0.1', 'https://127.0.0.1', 'https://10.0.0.5', 'https://[::ffff:7f00:1]'])(
    'is refused where it is written: %s',
    async (origin) => {
      const { adminToken: token } = await t.newTenant();
      const answer = await t.rest('POST', '/admin/oidc-providers', {
        token,
        body: settings(`${origin}:${port}`),
      });
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, 'issuer']);
    },
  );

  it('is not connected to when a name leads there', async () => {
    const { adminToken: token } = await t.newTenant();
    const body = settings(`https://localhost:${port}`);
    const { body: made } = await t.rest('POST', '/admin/oidc-providers', { token, body });
    expect((await t.rest('GET', `/auth/oidc/${made.data.id}/start`)).status).toBe(503);
    expect(connections).toBe(0);
  });
});
