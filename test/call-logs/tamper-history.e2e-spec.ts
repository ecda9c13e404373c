import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { v7 as newId } from 'uuid';
import { CallLogLane } from '../../src/call-logs/writing/call-log-lane.js';
import { CallLogRemovals } from '../../src/call-logs/chain/removals.js';
import { rotateKeys } from '../../src/call-logs/chain/key-rotation.js';
import { keyIdOf, keyPairOf, published, SigningKey } from '../../src/call-logs/chain/signing-key.js';
import { Partitions } from '../../src/call-logs/storage/partitions.js';
import { RetentionJob } from '../../src/call-logs/storage/retention-job.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { loadConfig } from '../../src/platform/config.js';
import { CheckpointsService } from '../../src/call-logs/evidence/checkpoints.service.js';
import { reportText } from '../../src/call-logs/evidence/report.js';
import { verifyLog } from '../../src/call-logs/evidence/verify.js';
import { TestTools } from '../fixtures/test.tools.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { jsonLines, LoggedTenant } from '../support/tamper.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY_MS);
const MINUTE = 1 / 1440;
const ENV = { CHECKPOINT_EVERY_SECONDS: '86400' };

/** Signed by the key itself: it signs since then. */
async function signsSince(t: TestApp, since: Date): Promise<void> {
  const { keyId, signature } = published(t.app.get(SigningKey).pair!, since);
  await t.dataSource.query(
    'UPDATE call_log_signing_keys SET created_at = $2, signature = $3 WHERE key_id = $1',
    [keyId, since, signature],
  );
}

describe('toolcrib verify, of records that were put into the past', () => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: ENV });
  });
  afterAll(() => t?.close());

  it.each([
    ['in a new chain', true],
    ['at the end of a chain', false],
  ])('finds them %s, before and after the next checkpoint', async (_where, isNew) => {
    const log = await LoggedTenant.make(t, 5);
    const lane = new CallLogLane();
    await log.write(lane, [{}]);
    const kept = [await log.checkpoint()];
    const id = newId();
    await log.write(isNew ? new CallLogLane() : lane, [{}, { id, createdAt: ago(3) }]);
    for (const vouched of ['no checkpoint yet', 'checkpoint 2 of']) {
      const { findings } = await log.verify();
      expect(findings).toMatchObject([
        { kind: 'record_backdated', recordId: id, message: expect.stringContaining(vouched) },
      ]);
      kept.push(await log.checkpoint());
    }
    expect(await log.found({ checkpoints: jsonLines(kept) })).toEqual(['record_backdated']);
  });

  it('believes a call that took as long as it was before', async () => {
    const log = await LoggedTenant.make(t, 2);
    await log.checkpoint();
    const began = ago(30 * MINUTE);
    await log.write(new CallLogLane(), [{ createdAt: began, durationMs: 30 * 60_000 }]);
    await log.checkpoint();
    expect(await log.found()).toEqual([]);
  });

  it('does not believe one that claims to have taken a day', async () => {
    const log = await LoggedTenant.make(t, 2);
    await log.checkpoint();
    await log.write(new CallLogLane(), [{ createdAt: ago(1), durationMs: DAY_MS }]);
    expect(await log.found()).toEqual(['record_backdated']);
  });

  it('knows nothing against what was there before the first checkpoint', async () => {
    const log = await LoggedTenant.make(t, 2);
    await log.write(new CallLogLane(), [{ createdAt: ago(100) }]);
    await log.checkpoint();
    expect(await log.found()).toEqual([]);
  });
});

describe('toolcrib verify, of a history without its checkpoints', () => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: ENV });
    await signsSince(t, ago(1000));
  });
  afterAll(() => t?.close());

  /** A call a day for 40 days, and checkpoints as a service that ran would have made them. */
  const madeLog = async () => {
    const log = await LoggedTenant.make(t, 0);
    const lane = new CallLogLane();
    for (let day = 40; day > 0; day--) await log.write(lane, [{ createdAt: ago(day) }]);
    return log;
  };
  const deleteCheckpoints = (log: LoggedTenant) =>
    log.sql('DELETE FROM call_log_checkpoints WHERE tenant_id = $1', log.id);
  const rewrite = async (log: LoggedTenant) => {
    for (const table of ['mcp_call_logs', 'call_log_batches'])
      await log.sql(`DELETE FROM ${table} WHERE tenant_id = $1`, log.id);
    for (let day = 40; day > 0; day--) await log.write(new CallLogLane(), [{ createdAt: ago(day) }]);
  };

  it('finds that nothing vouches for it, and that what vouches for it came late', async () => {
    const log = await madeLog();
    await deleteCheckpoints(log);
    await rewrite(log);
    expect((await log.verify()).findings).toMatchObject([
      {
        kind: 'checkpoint_missing',
        message: expect.stringContaining('no checkpoint vouches for batches of'),
      },
    ]);
    await log.checkpoint(); // the service signs what it finds
    expect((await log.verify()).findings).toMatchObject([
      {
        kind: 'checkpoint_late',
        message: expect.stringMatching(/^checkpoint 1 of .* is the first to vouch for batches of .* to /),
      },
    ]);
    await t.dataSource.query('UPDATE call_log_signing_keys SET created_at = now()');
    expect(await log.found()).toEqual(['checkpoint_late']); // nobody signed that time
    await signsSince(t, ago(1000));
  });

  it('finds nothing in what is older than the key', async () => {
    const log = await madeLog();
    await signsSince(t, ago(1));
    expect(await log.found()).toEqual([]);
    await log.checkpoint();
    expect(await log.found()).toEqual([]);
    await signsSince(t, ago(1000));
  });

  it('believes that a service stopped before it could sign, unless one has been running since', async () => {
    const log = await LoggedTenant.make(t, 0);
    await log.write(new CallLogLane(), [{ createdAt: ago(30) }]);
    await log.write(new CallLogLane(), [{ createdAt: ago(29) }]);
    await log.call(3);
    expect(await log.found()).toEqual([]);
    const replica = newId();
    await log.sql(`INSERT INTO replicas (id, name, started_at) VALUES ($1, 'old', $2)`, replica, ago(20));
    expect(await log.found()).toEqual(['checkpoint_missing']);
    await log.sql('DELETE FROM replicas WHERE id = $1', replica);
    await log.checkpoint();
    expect(await log.found()).toEqual([]);
  });

  it('goes by the interval that was promised, not by the present one', async () => {
    const log = await LoggedTenant.make(t, 0);
    const lane = new CallLogLane();
    await log.write(lane, [{ createdAt: ago(3) }]);
    await log.write(lane, [{ createdAt: ago(2) }]);
    await log.checkpoint();
    const often = loadConfig({
      DATABASE_URL: t.database.url,
      TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY,
      CHECKPOINT_KEY: t.config.checkpointKey?.toString('base64'),
    });
    const { reports } = await verifyLog(often, { from: null, to: null, tenant: log.id });
    expect(reports[0].findings).toEqual([]);
  });

  it('finds that fewer checkpoints are there than were delivered', async () => {
    const log = await LoggedTenant.make(t, 5);
    for (let n = 0; n < 3; n++) await log.checkpoint();
    const delivered = (number: number) =>
      log.sql(
        `INSERT INTO call_log_deliveries (tenant_id, target, delivered_number) VALUES ($1, 'file', $2)
         ON CONFLICT (tenant_id, target) DO UPDATE SET delivered_number = $2`,
        log.id,
        number,
      );
    await delivered(3);
    expect(await log.found()).toEqual([]);
    await log.sql('DELETE FROM call_log_checkpoints WHERE tenant_id = $1 AND number = 3', log.id);
    expect((await log.verify()).findings).toMatchObject([
      { kind: 'delivery_ahead', message: expect.stringContaining('the newest is 2') },
    ]);
    await delivered(2 ** 31 - 1);
    expect(await log.found()).toEqual(['delivery_ahead']);
  });
});

describe('toolcrib verify, of a tenant that is gone', () => {
  let t: TestApp;
  let operator: LoggedTenant;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: ENV });
    operator = await LoggedTenant.make(t, 3);
    await operator.sql('UPDATE tenants SET is_operating = true WHERE id = $1', operator.id);
  });
  afterAll(() => t?.close());

  const verifyAll = async (checkpoints: string) => {
    const { reports } = await verifyLog(t.config, { from: null, to: null, checkpoints });
    return reports.flatMap(({ tenantId, findings }) => findings.map(({ kind }) => [tenantId, kind]));
  };
  const deleteTenant = async ({ id, tenant }: LoggedTenant) => {
    const token = operator.tenant.adminToken;
    await t.rest('POST', `/admin/tenants/${id}/suspend`, { token });
    const answer = await t.rest('DELETE', `/admin/tenants/${id}?confirm=${tenant.tenantName}`, { token });
    expect(answer.status).toBe(202);
    await eventually(async () => {
      const job = await t.rest('GET', `/admin/tenant-jobs/${answer.body.data.id}`, { token });
      return job.body.data['status'] === 'done';
    });
  };

  it('finds it by the checkpoints that were kept outside, unless its deletion is signed', async () => {
    const [mine, theirs] = [await operator.checkpoint(), await LoggedTenant.make(t, 4)];
    const kept = jsonLines([mine, await theirs.checkpoint(), await operator.checkpoint()]);
    expect(await verifyAll(kept)).toEqual([]);
    await deleteTenant(theirs);
    expect(await verifyAll(kept)).toEqual([]);
    await operator.sql(`UPDATE call_log_removals SET reason = 'x' WHERE tenant_id = $1`, operator.id);
    expect(await verifyAll(kept)).toEqual([
      [operator.id, 'removal_forged'],
      [theirs.id, 'tenant_missing'],
    ]);
    await operator.sql('DELETE FROM call_log_removals WHERE tenant_id = $1', operator.id);
    const result = await verifyLog(t.config, { from: null, to: null, checkpoints: kept });
    expect(reportText(result)).toContain(
      `FOUND tenant_missing: tenant ${theirs.id} is not in the database, and no signed removal covers it; checkpoint 1`,
    );
    expect((await operator.verify({ checkpoints: kept })).findings).toEqual([]); // asked for one tenant only
  });

  it('checks the signature of every line, whosever it is, and that it is a checkpoint', async () => {
    const signed = await operator.checkpoint();
    const stranger = newId();
    const forged = { ...signed, text: signed.text.replace(operator.id, stranger) };
    const kept = jsonLines([forged, { some: 'thing' }, signed]);
    expect(await verifyAll(kept)).toEqual([
      [stranger, 'checkpoint_forged'],
      ['-', 'checkpoint_forged'],
    ]);
  });
});

describe('toolcrib verify, after the checkpoint key was replaced', () => {
  let t: TestApp;
  let later: TestApp;
  const [old, next] = [randomBytes(32), randomBytes(32)];

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { ...ENV, CHECKPOINT_KEY: old.toString('base64') } });
    const env = { ...ENV, CHECKPOINT_KEY: next.toString('base64') };
    later = await createTestApp({ tools: [TestTools], env, database: t.database });
  });
  afterAll(async () => {
    await later?.close();
    await t?.close();
  });

  const findings = async (log: LoggedTenant) => {
    const { reports } = await verifyLog(later.config, { from: null, to: null, tenant: log.id });
    return reports[0].findings.map(({ kind }) => kind);
  };
  const insert = (rotation: ReturnType<typeof rotateKeys>) =>
    t.dataSource.query('INSERT INTO call_log_key_rotations VALUES ($1, $2, $3, $4, $5, $6)', [
      rotation.oldKeyId,
      rotation.newKeyId,
      rotation.createdAt,
      rotation.text,
      rotation.oldSignature,
      rotation.newSignature,
    ]);

  it('trusts what the old key has signed, once both have signed that one follows the other', async () => {
    const log = await LoggedTenant.make(t, 4);
    await log.checkpoint();
    const { id: tenantId } = log;
    await inTenant(tenantId, () =>
      t.app.get(CallLogRemovals).recordRetention(t.dataSource, { tenantId, before: new Date(0) }),
    );
    const made = await inTenant(tenantId, () => later.app.get(CheckpointsService).makeNow(log.tenant.caller));
    expect(made.number).toBe(2);
    expect(await findings(log)).toEqual(['removal_forged', 'checkpoint_forged']);
    const rotation = rotateKeys(keyPairOf(old), keyPairOf(next));
    await insert({ ...rotation, newSignature: rotation.oldSignature });
    expect(await findings(log)).toEqual(['removal_forged', 'checkpoint_forged']); // the new key did not say so
    await t.dataSource.query('DELETE FROM call_log_key_rotations');
    await insert(rotation);
    expect(await findings(log)).toEqual([]);
    await log.checkpoint(); // the old replica still runs
    expect(await findings(log)).toEqual([]);
  });

  it('trusts nobody who vouches for the new key without being asked', async () => {
    const log = await LoggedTenant.make(t, 4);
    const made = await log.checkpoint();
    const stranger = generateKeyPairSync('ed25519');
    const strangersId = keyIdOf(stranger.publicKey);
    const { x = '' } = stranger.publicKey.export({ format: 'jwk' });
    const { text: genuine, ...rotation } = rotateKeys(keyPairOf(old), keyPairOf(next));
    const text = genuine.replace(/^old .*$/m, `old ${x}`);
    const oldSignature = sign(null, Buffer.from(text), stranger.privateKey);
    await insert({ ...rotation, oldKeyId: strangersId, text, oldSignature });
    await log.sql(
      'UPDATE call_log_checkpoints SET key_id = $2, signature = $3 WHERE tenant_id = $1',
      log.id,
      strangersId,
      sign(null, Buffer.from(made.text), stranger.privateKey),
    );
    expect(await findings(log)).toEqual(['checkpoint_forged']);
  });
});

describe('toolcrib verify, after retention', () => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { ...ENV, CALL_LOG_KEEP_DAYS: '30' } });
  });
  afterAll(() => t?.close());

  /** Removes what is too old. A run gives way to whoever reads for long; the next one is soon. */
  const retain = async (log: LoggedTenant, left: number) => {
    await t.app.get(Partitions).makeAhead();
    await eventually(async () => {
      await t.app.get(RetentionJob).run();
      return (await log.rows()).length === left;
    });
  };

  /** Batches of two calls each, 50 and 10 days ago, and of now; what is too old is removed. */
  const retained = async () => {
    const log = await LoggedTenant.make(t, 0);
    const lane = new CallLogLane();
    for (const days of [50, 49, 10, 0])
      await log.write(lane, [{ createdAt: ago(days) }, { createdAt: ago(days) }]);
    await log.checkpoint();
    const rows = await log.rows();
    await retain(log, 4);
    return { log, rows };
  };
  const entryBytes = async (log: LoggedTenant) =>
    (
      await log.sql<{ bytes: number }>(
        'SELECT octet_length(entries) AS bytes FROM call_log_batches WHERE tenant_id = $1 ORDER BY seq',
        log.id,
      )
    ).map(({ bytes }) => bytes);

  it('takes the entries out of batches whose records are gone, and no others', async () => {
    const { log } = await retained();
    expect(await entryBytes(log)).toEqual([0, 0, 144, 144]);
    expect(await log.verify()).toMatchObject({ findings: [], records: 4, removed: 4 });
    const asSystem = (before: Date) =>
      t.dataSource.transaction(async (manager) => {
        await manager.query('SET LOCAL ROLE toolcrib_system');
        const [{ n }] = await manager.query<[{ n: number }]>(
          'SELECT prune_call_log_entries($1, $2, 10) AS n',
          [log.id, before],
        );
        return n;
      });
    expect(await asSystem(ago(5))).toBe(0); // not noted
    await log.sql(
      `UPDATE call_log_removals SET before = now() WHERE tenant_id = $1 AND kind = 'entries'`,
      log.id,
    );
    expect(await asSystem(ago(5))).toBe(0); // noted, but there are records
    expect(await entryBytes(log)).toEqual([0, 0, 144, 144]);
  });

  it('finds entries that were taken out otherwise, and what was done to batches without them', async () => {
    const { log, rows } = await retained();
    const change = async (statement: string, ...values: unknown[]) => {
      await log.sql(statement.replaceAll(':id', `'${log.id}'`), ...values);
      return log.found();
    };
    const { previous_hash: hash } = (
      await log.sql<{ previous_hash: Buffer }>(
        'SELECT * FROM call_log_batches WHERE tenant_id = $1 AND seq = 2',
        log.id,
      )
    )[0];
    expect(
      await change(`UPDATE call_log_batches SET previous_hash = '' WHERE tenant_id = :id AND seq = 2`),
    ).toEqual(['batch_changed', 'batch_reordered']);
    expect(
      await change(`UPDATE call_log_batches SET previous_hash = $1 WHERE tenant_id = :id AND seq = 2`, hash),
    ).toEqual([]);
    expect(
      await change(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms, writer_id,
           batch_seq, batch_position) VALUES ($1, $2, :id, :id, 'x', 'x', 'rest', true, 1, $3, 1, 0)`,
        rows[0].id,
        rows[0].created_at,
        rows[0].writer_id,
      ),
    ).toEqual(['record_added']);
    expect(await change('DELETE FROM mcp_call_logs WHERE id = $1', rows[0].id)).toEqual([]);
    expect(
      await change(`UPDATE call_log_batches SET entries = '' WHERE tenant_id = :id AND seq = 3`),
    ).toEqual(['batch_changed', 'record_added']);
    const unsigned = `UPDATE call_log_removals SET before = now() WHERE tenant_id = :id AND kind = 'entries'`;
    expect(await change(unsigned)).toEqual(['batch_changed', 'record_added', 'removal_forged']);
    expect(await change('DELETE FROM call_log_batches WHERE tenant_id = :id AND seq = 1')).toContain(
      'batch_missing',
    );
  });

  it('lets exactly as many records from before there were chains be missing as it has signed for', async () => {
    const log = await LoggedTenant.make(t, 0);
    const old = (count: number, at: Date) =>
      log.sql(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
         SELECT gen_random_uuid(), $2, $1, $1, 'old', 'x', 'rest', true, 1 FROM generate_series(1, $3)`,
        log.id,
        at,
        count,
      );
    await old(3, ago(50));
    await old(5, ago(10));
    await log.sql(`INSERT INTO call_log_uncovered VALUES ($1, 8, $2)`, log.id, ago(10));
    await log.call(2);
    await log.checkpoint();
    expect(await log.verify()).toMatchObject({ findings: [], uncovered: 8 });
    await retain(log, 7);
    expect(await log.verify()).toMatchObject({ findings: [], uncovered: 5 });
    await log.sql(
      `DELETE FROM mcp_call_logs WHERE id = (SELECT id FROM mcp_call_logs WHERE tenant_id = $1 AND writer_id IS NULL LIMIT 1)`,
      log.id,
    );
    expect((await log.verify()).findings).toMatchObject([
      { kind: 'uncovered_changed', message: expect.stringContaining('retention has signed for 3 of them') },
    ]);
  });
});
