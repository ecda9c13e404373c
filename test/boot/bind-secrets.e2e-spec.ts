import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { migrateAsOwner } from '../../src/boot/database/migrate.js';
import { GROUP_KEY } from '../../src/groups/keys/group-keys.service.js';
import { SecretBox } from '../../src/platform/secrets/secret-box.js';
import { newGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

describe('secrets of a version before they were bound to their places', () => {
  let t: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => (t = await createTestApp()));
  afterAll(() => t?.close());
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  /** As SecretBox's format 2 has it: bound to `group-key:<id>` only. */
  const sealAsBefore = (secret: string, id: string) => {
    const key = Buffer.from(
      hkdfSync('sha256', t.config.masterKeys[0], Buffer.alloc(0), 'toolcrib/seal/v1', 32),
    );
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`group-key:${id}`));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    const keyId = t.app.get(SecretBox).presentPrefix.subarray(1);
    return Buffer.concat([Buffer.of(2), keyId, iv, cipher.getAuthTag(), text]);
  };
  const makeKey = async (of: TestTenant) => {
    const group = await newGroup(t, of, { tools: [] });
    const { items } = await t.rest('GET', `/admin/groups/${group.id}/keys`, { token: of.adminToken });
    return { id: items[0].id, key: group.key };
  };
  const store = (id: string, ciphertext: Buffer) =>
    t.dataSource.query('UPDATE mcp_group_keys SET ciphertext = $2 WHERE id = $1', [id, ciphertext]);
  const stored = async (id: string) =>
    (
      await t.dataSource.query<{ ciphertext: Buffer }[]>(
        'SELECT ciphertext FROM mcp_group_keys WHERE id = $1',
        [id],
      )
    )[0].ciphertext;
  const reveal = (id: string) => t.rest('POST', `/admin/keys/${id}/reveal`, { token: tenant.adminToken });

  it('are sealed anew once, when the schema is brought up to date, and open then', async () => {
    const { id, key } = await makeKey(tenant);
    await store(id, sealAsBefore(key, id));
    await t.dataSource.query('DELETE FROM installation_steps');
    await migrateAsOwner(t.config);
    expect((await reveal(id)).body.data).toMatchObject({ api_key: key });
    const bound = await stored(id);
    expect(bound[0]).toBe(3);
    await migrateAsOwner(t.config);
    expect(await stored(id)).toEqual(bound);
  });

  it('do not open afterwards: nobody can put one of a backup back', async () => {
    const { id, key } = await makeKey(tenant);
    await store(id, sealAsBefore(key, id));
    const { status, body } = await reveal(id);
    expect([status, body.message]).toEqual([
      409,
      'The stored key does not open; make another and revoke this one',
    ]);
  });

  it('open in no other tenant, table, column or row', async () => {
    const box = t.app.get(SecretBox);
    const { id, key } = await makeKey(tenant);
    const places = [
      GROUP_KEY.contextOf((await t.newTenant()).tenantId, id),
      `${tenant.tenantId}/agent_versions.ciphertext/${id}`,
      `${tenant.tenantId}/mcp_group_keys.hash/${id}`,
      GROUP_KEY.contextOf(tenant.tenantId, (await makeKey(tenant)).id),
    ];
    const sealed = await stored(id);
    expect(box.open(sealed, GROUP_KEY.contextOf(tenant.tenantId, id))).toBe(key);
    for (const place of places) expect(() => box.open(sealed, place)).toThrow('does not open');
  });
});
