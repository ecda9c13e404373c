import { Client } from 'pg';
import { v7 as newId } from 'uuid';
import { SecretBox } from '../../src/platform/secrets/secret-box.js';
import { loadConfig } from '../../src/platform/config.js';
import { sealSecrets } from '../../src/messaging/channels/channel-secrets.js';
import { newSigningSecret } from '../../src/messaging/channels/webhook-signature.js';
import { type HttpReceiver, startHttpReceiver } from '../support/http-receiver.js';
import { type RunningServer, startServer, TEST_MASTER_KEY } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

describe('a delivery whose process is killed', () => {
  let database: TestDatabase;
  let watch: Client;
  let receiver: HttpReceiver;
  const servers: RunningServer[] = [];
  const tenantId = newId();
  const deliveryId = newId();

  const start = async (): Promise<RunningServer> => {
    const env = {
      DATABASE_URL: database.url,
      SAMPLE_DATA: 'false',
      JOBS_LEASE_MS: '1500',
      NOTIFICATION_PRIVATE_NETWORKS: 'true',
      NOTIFICATION_TIMEOUT_MS: '30000',
    };
    const server = await startServer({ env });
    servers.push(server);
    return server;
  };
  const delivery = async () =>
    (await watch.query('SELECT * FROM notification_deliveries WHERE id = $1', [deliveryId])).rows[0] as {
      state: string;
      attempts: number;
    };

  /** As Notifications.send leaves it. */
  const enqueueDelivery = async () => {
    const [channelId, noticeId, jobId] = [newId(), newId(), newId()];
    const config = loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
    const ciphertext = sealSecrets(
      new SecretBox(config),
      { tenantId, id: channelId },
      { signing: newSigningSecret() },
    );
    const settings = JSON.stringify({ url: receiver.url });
    await watch.query(`INSERT INTO tenants (id, name) VALUES ($1, 'mortal')`, [tenantId]);
    await watch.query(
      `INSERT INTO notification_channels (id, tenant_id, name, kind, audience, settings, ciphertext)
       VALUES ($1, $2, 'hook', 'webhook', 'team', $3, $4)`,
      [channelId, tenantId, settings, ciphertext],
    );
    await watch.query(`INSERT INTO notices (id, tenant_id, key, kind) VALUES ($1, $2, 'k', 'test')`, [
      noticeId,
      tenantId,
    ]);
    await watch.query(
      `INSERT INTO notification_deliveries
         (id, tenant_id, notice_id, notice_key, kind, channel_id, channel_kind, target, job_id)
       VALUES ($1, $2, $3, 'k', 'test', $4, 'webhook', 'team', $5)`,
      [deliveryId, tenantId, noticeId, channelId, jobId],
    );
    await watch.query(
      `INSERT INTO jobs (id, tenant_id, kind, payload) VALUES ($1, $2, 'notifications.deliver', $3)`,
      [jobId, tenantId, JSON.stringify({ delivery_id: deliveryId })],
    );
    await watch.query(`SELECT pg_notify('toolcrib_jobs', '')`);
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startHttpReceiver();
    watch = new Client({ connectionString: database.adminUrl });
    await watch.connect();
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill9()));
    await watch?.end();
    await receiver?.close();
    await database?.drop();
  });

  it('after the receiver has it and before that is stored comes again, with the same id', async () => {
    receiver.behaviour = 'hang';
    const victim = await start();
    await enqueueDelivery();
    await eventually(() => receiver.requests.length === 1);
    await victim.kill9();
    expect(await delivery()).toMatchObject({ state: 'waiting', attempts: 1 });
    receiver.behaviour = 200;
    await start();
    await eventually(async () => (await delivery()).state === 'sent');
    expect(await delivery()).toMatchObject({ attempts: 2 });
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([deliveryId, deliveryId]);
    expect(receiver.requests[1].body.equals(receiver.requests[0].body)).toBe(true);
  });
});
