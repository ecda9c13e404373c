import { DataSource, type DataSourceOptions } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Tenant } from '../../src/access/tenant.entity.js';
import { ConflictError, NotFoundError } from '../../src/platform/errors.js';
import { loadConfig } from '../../src/platform/config.js';
import {
  findNextSampleCustomer,
  generateSample,
  type SampleProgress,
} from '../../src/crm/sample/sample-data.js';
import { dataSourceOptions } from '../../src/boot/database/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TABLES = ['users', 'messages', 'consultations', 'treatments', 'tasks', 'projects', 'customer_profiles'];

describe('generateSample', () => {
  let database: TestDatabase;
  let data: DataSource;
  /** Sees the rows of all tenants. */
  let all: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    const masterKey = Buffer.alloc(32).toString('base64');
    data = new DataSource(
      dataSourceOptions(loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: masterKey })),
    );
    await data.initialize();
    all = await new DataSource({
      ...data.options,
      url: database.adminUrl,
      driver: undefined,
    } as DataSourceOptions).initialize();
  });

  afterAll(async () => {
    await all?.destroy();
    await data?.destroy();
    await database?.drop();
  });

  async function newTenant(): Promise<string> {
    const id = uuidv7();
    await all.manager.insert(Tenant, { id, name: id });
    return id;
  }

  async function countRows(tenantId: string): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const table of TABLES) {
      const [{ count }] = await all.query(`SELECT count(*)::int FROM ${table} WHERE tenant_id = $1`, [
        tenantId,
      ]);
      counts[table] = count;
    }
    return counts;
  }

  const digestOf = async (table: string): Promise<string> => {
    const [{ digest }] = await all.query(
      `SELECT md5(string_agg(t::text, '' ORDER BY t.id)) digest FROM ${table} t`,
    );
    return digest;
  };

  it('fills every table and tells how far it is', async () => {
    const tenantId = await newTenant();
    const seen: SampleProgress[] = [];
    const result = await generateSample(data, {
      tenantId,
      customers: 400,
      onProgress: (progress) => seen.push(progress),
    });
    expect(result).toMatchObject({ customersDone: 400, customers: 400 });
    expect(seen.at(-1)).toEqual(result);
    expect(seen.map(({ customersDone }) => customersDone)).toEqual([expect.any(Number), 400]);
    const counts = await countRows(tenantId);
    expect(counts).toMatchObject({ users: 406, projects: 8, customer_profiles: 400 });
    expect(counts.messages).toBeGreaterThan(15_000);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });

  it('leaves nothing in the future but what is planned', async () => {
    const tenantId = await newTenant();
    const asOf = new Date('2026-01-01T00:00:00Z');
    await generateSample(data, { tenantId, customers: 200, asOf });
    const [late] = await all.query(
      `SELECT (SELECT max(created_at) FROM messages WHERE tenant_id = $1) < $2 AS messages,
         (SELECT max(performed_at) FROM treatments WHERE tenant_id = $1) < $2 AS treatments,
         (SELECT max(started_at) FROM consultations WHERE tenant_id = $1) < $2 AS consultations,
         (SELECT bool_and(m.created_at >= u.created_at) FROM messages m JOIN users u ON u.id = m.user_id
           WHERE m.tenant_id = $1) AS "afterRegistration"`,
      [tenantId, asOf],
    );
    expect(late).toEqual({ messages: true, treatments: true, consultations: true, afterRegistration: true });
  });

  it('makes the same rows again after they were removed', async () => {
    const tenantId = await newTenant();
    const options = { tenantId, customers: 20, asOf: new Date('2026-01-01T00:00:00Z') };
    await generateSample(data, options);
    const before = [await digestOf('messages'), await digestOf('consultations')];
    await all.query('DELETE FROM users WHERE tenant_id = $1', [tenantId]);
    await generateSample(data, options);
    expect([await digestOf('messages'), await digestOf('consultations')]).toEqual(before);
  });

  it('refuses numbers that are taken, and appends from the next', async () => {
    const tenantId = await newTenant();
    expect(await findNextSampleCustomer(data, tenantId)).toBe(0);
    await generateSample(data, { tenantId, customers: 5 });
    await expect(generateSample(data, { tenantId, customers: 5 })).rejects.toThrow(ConflictError);
    await expect(generateSample(data, { tenantId, customers: 5, firstCustomer: 4 })).rejects.toThrow(
      ConflictError,
    );
    const firstCustomer = await findNextSampleCustomer(data, tenantId);
    expect(firstCustomer).toBe(5);
    await generateSample(data, { tenantId, customers: 5, firstCustomer });
    expect(await countRows(tenantId)).toMatchObject({ users: 16, projects: 8 });
  });

  it("gives two tenants rows of their own, and says which of a tenant's own rows is in the way", async () => {
    const [first, second] = [await newTenant(), await newTenant()];
    await generateSample(data, { tenantId: first, customers: 3 });
    await generateSample(data, { tenantId: second, customers: 3 });
    expect(await countRows(first)).toEqual(await countRows(second));
    const third = await newTenant();
    await all.query(
      `INSERT INTO users (id, tenant_id, username, email, display_name) VALUES ($1, $2, 'consultant.lin', 'x', 'x')`,
      [uuidv7(), third],
    );
    await expect(generateSample(data, { tenantId: third, customers: 1 })).rejects.toThrow(
      /uq_users_tenant_username/,
    );
  });

  it('stops between batches when told to', async () => {
    const tenantId = await newTenant();
    const stop = new AbortController();
    const options = { tenantId, customers: 5000, signal: stop.signal, onProgress: () => stop.abort() };
    await expect(generateSample(data, options)).rejects.toThrow('aborted');
    const { users } = await countRows(tenantId);
    expect(users).toBeGreaterThan(100);
    expect(users).toBeLessThan(1000);
    expect(await findNextSampleCustomer(data, tenantId)).toBe(users - 6);
  });

  it('needs a tenant that exists', async () => {
    await expect(generateSample(data, { tenantId: uuidv7(), customers: 1 })).rejects.toThrow(NotFoundError);
  });
});
