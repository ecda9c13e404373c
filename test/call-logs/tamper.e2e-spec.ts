import { generateKeyPairSync, sign } from 'node:crypto';
import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { keyIdOf } from '../../src/call-logs/chain/signing-key.js';
import { CallLogLane } from '../../src/call-logs/writing/call-log-lane.js';
import { CallLogRemovals, removalText } from '../../src/call-logs/chain/removals.js';
import { reportText } from '../../src/call-logs/evidence/report.js';
import { verifyLog } from '../../src/call-logs/evidence/verify.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { TestTools } from '../fixtures/test.tools.js';
import { jsonLines, LoggedTenant, nameOf } from '../support/tamper.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

/** Columns of a record that a change of is not seen as a changed record, and what it is seen as. */
const SEEN_OTHERWISE: Record<string, string[]> = {
  id: ['record_added', 'record_missing'],
  created_at: ['record_added', 'record_missing'],
  tenant_id: ['record_missing'],
  writer_id: ['record_moved'],
  batch_seq: ['record_moved'],
  batch_position: ['record_moved'],
};

const OTHER_VALUE: Record<string, string> = {
  uuid: 'gen_random_uuid()',
  'timestamp with time zone': `now() + interval '1 second'`,
  'character varying': `'other'`,
  text: `'other'`,
  boolean: 'NOT coalesce(%, false)',
  json: `'{"other": 1}'`,
  real: '% + 1',
  integer: '% + 1000',
  smallint: '% + 1000',
  bytea: `'\\x00'`,
};

/** Given by the database as it commits; says when jobs get to a record, and nothing of the call. */
const NOT_HASHED = ['recorded_in'];

describe('toolcrib verify', () => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { CHECKPOINT_EVERY_SECONDS: '86400' } });
  });
  afterAll(() => t?.close());

  describe('finds nothing wrong', () => {
    it.each([1, 3])(
      'with a batch of %d that is written again, since nobody knew that it was there',
      async (size) => {
        const log = await LoggedTenant.make(t, 0);
        const { statement, again } = await log.write(
          new CallLogLane(),
          Array.from({ length: size }, () => ({})),
        );
        await log.sql(again.text, ...again.values);
        await expect(log.sql(statement.text, ...statement.values)).rejects.toThrow(/duplicate key/);
        expect(await log.verify()).toMatchObject({ findings: [], records: size });
      },
    );

    it('with a log that nobody touched, and counts all of it', async () => {
      const log = await LoggedTenant.make(t, 60);
      await log.checkpoint();
      await log.call(10);
      await log.checkpoint();
      const report = await log.verify();
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({ records: 70, erased: 0, removed: 0, uncovered: 0, checkpoints: 2 });
      expect(report.newestCheckpoint).toMatchObject({ number: 2, records: 70 });
      const [{ n }] = await log.sql<{ n: string }>(
        'SELECT count(*) AS n FROM call_log_batches WHERE tenant_id = $1',
        log.id,
      );
      expect(report.batches).toBe(Number(n));
      expect(report.batches).toBeLessThan(70); // calls made at once lie together
    });

    it('with text that is hard to hash: quotes, commas, several bytes, escapes, nothing at all', async () => {
      const log = await LoggedTenant.make(t, 0);
      for (const text of [
        '',
        '"',
        '\\',
        '中文,5:',
        'a\u0000b\ud800c',
        '\u{1F600}',
        '{"x":"\\u00e9"}',
        ' ',
        '\n\t',
      ]) {
        await log.call(5, text);
      }
      expect(await log.verify()).toMatchObject({ findings: [], records: 45 });
    });

    it('within a period, and counts only that', async () => {
      const log = await LoggedTenant.make(t, 20);
      const middle = new Date(
        (await log.rows()).map((row) => row.created_at.getTime()).toSorted((a, b) => a - b)[10],
      );
      const [before, after] = [await log.verify({ to: middle }), await log.verify({ from: middle })];
      expect([before.findings, after.findings, before.records + after.records]).toEqual([[], [], 20]);
      expect(before.records).toBeGreaterThan(0);
    });

    it('after retention that was signed before it deleted', async () => {
      const log = await LoggedTenant.make(t, 30);
      const before = new Date(Date.now() + 1);
      const { id: tenantId, group } = log;
      await inTenant(tenantId, () =>
        t.app.get(CallLogRemovals).recordRetention(t.dataSource, { tenantId, groupId: group.id, before }),
      );
      await log.sql(`DELETE FROM mcp_call_logs WHERE tenant_id = $1`, tenantId);
      expect(await log.verify()).toMatchObject({ findings: [], records: 0, removed: 30 });
    });

    it('after an erasure, and the payload is gone', async () => {
      const log = await LoggedTenant.make(t, 20);
      const ids = (await log.rows()).slice(0, 7).map(({ id }) => id);
      const answer = await t.rest('POST', '/admin/call-logs/erase', {
        token: log.tenant.adminToken,
        body: { record_ids: [...ids, newId()], reason: 'asked for' },
      });
      expect(answer).toMatchObject({ status: 200, body: { data: { erased: 7 } } });
      expect(await log.verify()).toMatchObject({ findings: [], records: 20, erased: 7 });
    });
  });

  describe('finds a record', () => {
    it('that was changed, in whatever column', async () => {
      const columns = await t.dataSource.query<{ name: string; type: string }[]>(
        `SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = 'mcp_call_logs'`,
      );
      const hashed = columns.filter(({ name }) => !NOT_HASHED.includes(name));
      expect(hashed.length).toBeGreaterThan(20);
      const log = await LoggedTenant.make(t, 5);
      const [victim] = await log.rows();
      await log.sql('CREATE TEMP TABLE IF NOT EXISTS untouched AS SELECT * FROM mcp_call_logs LIMIT 0');
      for (const { name, type } of hashed) {
        const [kept] = await log.sql<Record<string, unknown>>(
          `SELECT "${name}"::text AS kept FROM mcp_call_logs WHERE id = $1`,
          victim.id,
        );
        const other = OTHER_VALUE[type].replaceAll('%', `"${name}"`);
        const [{ id }] = (
          await log.sql<{ id: string }[]>(
            `UPDATE mcp_call_logs SET "${name}" = ${other} WHERE id = $1 RETURNING id`,
            victim.id,
          )
        )[0] as unknown as { id: string }[];
        expect([name, await log.found()]).toEqual([name, SEEN_OTHERWISE[name] ?? ['record_changed']]);
        await log.sql(
          `UPDATE mcp_call_logs SET "${name}" = $2::text::${type} WHERE id = $1`,
          id,
          kept['kept'],
        );
        expect([name, await log.found()]).toEqual([name, []]);
      }
    });

    it('and names it with its batch and position', async () => {
      const log = await LoggedTenant.make(t);
      const victim = (await log.rows())[17];
      await log.sql(`UPDATE mcp_call_logs SET response_data = '{}' WHERE id = $1`, victim.id);
      const { findings } = await log.verify();
      expect(findings).toEqual([
        { kind: 'record_changed', message: `${nameOf(victim)} was changed`, recordId: victim.id },
      ]);
    });

    it('whose payload text was only written otherwise', async () => {
      const log = await LoggedTenant.make(t, 1);
      await log.sql(
        `UPDATE mcp_call_logs SET request_data = (request_data::text || ' ')::json WHERE tenant_id = $1`,
        log.id,
      );
      expect(await log.found()).toEqual(['record_changed']);
    });

    it('that was deleted', async () => {
      const log = await LoggedTenant.make(t);
      const victim = (await log.rows())[9];
      await log.sql('DELETE FROM mcp_call_logs WHERE id = $1', victim.id);
      const { findings } = await log.verify();
      expect(findings).toMatchObject([
        { kind: 'record_missing', message: expect.stringContaining(nameOf(victim)) },
      ]);
    });

    it.each([
      ['of no chain', 'NULL', 'NULL', 'NULL'],
      ['at the place of another', 'writer_id', 'batch_seq', 'batch_position'],
      ['behind the last of a batch', 'writer_id', 'batch_seq', '(batch_position + 500)::smallint'],
      ['in a batch that is not there', 'writer_id', 'batch_seq + 500', 'batch_position'],
      ['in a chain that is not there', 'gen_random_uuid()', 'batch_seq', 'batch_position'],
    ])('that was inserted, %s', async (_what, writer, seq, position) => {
      const log = await LoggedTenant.make(t, 12);
      const [{ id: victim }] = await log.rows();
      const added = newId();
      await log.sql(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, is_test, request_data, success,
           duration_ms, writer_id, batch_seq, batch_position, salt)
         SELECT $2, now(), tenant_id, group_id, tool_name, era, transport, is_test, request_data, success, duration_ms, ${writer},
           ${seq}, ${position}, salt FROM mcp_call_logs WHERE id = $1`,
        victim,
        added,
      );
      const { findings } = await log.verify();
      expect(findings).toMatchObject([{ kind: 'record_added', recordId: added }]);
    });

    it('that changed places with another', async () => {
      const log = await LoggedTenant.make(t);
      const rows = await log.rows();
      const index = rows.findIndex(({ batch_position }) => batch_position === 1);
      const [one, other] = [rows[index - 1], rows[index]];
      await log.sql('UPDATE mcp_call_logs SET batch_position = 1 - batch_position WHERE id = ANY ($1)', [
        one.id,
        other.id,
      ]);
      const { findings } = await log.verify();
      expect(findings.map(({ kind, recordId }) => [kind, recordId])).toEqual([
        ['record_moved', one.id],
        ['record_moved', other.id],
      ]);
    });

    it('that was given to another tenant, and says to whom', async () => {
      const [log, taker] = [await LoggedTenant.make(t, 8), await LoggedTenant.make(t, 8)];
      const [victim] = await log.rows();
      await log.sql('UPDATE mcp_call_logs SET tenant_id = $2 WHERE id = $1', victim.id, taker.id);
      const { reports } = await verifyLog(t.config, { from: null, to: null });
      const about = reports.filter(({ tenantId }) => [log.id, taker.id].includes(tenantId));
      expect(about.flatMap(({ findings }) => findings)).toMatchObject([
        {
          kind: 'record_missing',
          recordId: victim.id,
          message: expect.stringContaining(`now lies with tenant ${taker.tenant.tenantName}`),
        },
        { kind: 'record_added', recordId: victim.id },
      ]);
      await log.sql('UPDATE mcp_call_logs SET tenant_id = $2 WHERE id = $1', victim.id, log.id);
    });

    it('of a tenant whose whole log was exchanged with that of another', async () => {
      const [one, other] = [await LoggedTenant.make(t, 8), await LoggedTenant.make(t, 8)];
      for (const table of ['mcp_call_logs', 'call_log_batches']) {
        const give = (from: string, to: string) =>
          one.sql(`UPDATE ${table} SET tenant_id = $2 WHERE tenant_id = $1`, from, to);
        const aside = newId();
        await give(one.id, aside);
        await give(other.id, one.id);
        await give(aside, other.id);
      }
      expect([await one.found(), await other.found()]).toEqual([
        ['batch_changed', 'record_changed'],
        ['batch_changed', 'record_changed'],
      ]);
    });
  });

  describe('finds a batch', () => {
    it.each([
      ['record_count', 'record_count + 1', ['batch_changed']],
      ['records_total', 'records_total + 1', ['batch_changed']],
      ['first_at', `first_at - interval '1 second'`, ['batch_changed']],
      ['last_at', `last_at + interval '1 second'`, ['batch_changed']],
      ['root', `sha256('x')`, ['batch_changed']],
      ['previous_hash', `sha256('x')`, ['batch_changed', 'batch_reordered']],
      ['hash', `sha256('x')`, ['batch_changed', 'batch_reordered']],
      ['format', '2::smallint', ['batch_changed']],
      ['seq', 'seq + 1000', ['batch_changed', 'batch_missing', 'record_moved']],
      ['writer_id', 'gen_random_uuid()', ['batch_changed', 'batch_missing', 'record_moved']],
    ])('whose %s was edited', async (column, value, kinds) => {
      const log = await LoggedTenant.make(t, 10);
      const lane = await growChain(log);
      await log.sql(
        `UPDATE call_log_batches SET ${column} = ${value} WHERE tenant_id = $1 AND writer_id = $2 AND seq = 1`,
        log.id,
        lane,
      );
      expect(await log.found()).toEqual(kinds);
    });

    it('whose entries were edited together with the record', async () => {
      const log = await LoggedTenant.make(t, 10);
      const [victim] = await log.rows();
      await log.sql(
        `UPDATE call_log_batches SET entries = overlay(entries PLACING sha256('x') FROM 41 FOR 32)
         WHERE tenant_id = $1 AND writer_id = $2 AND seq = $3`,
        log.id,
        victim.writer_id,
        victim.batch_seq,
      );
      expect(await log.found()).toEqual(['batch_changed', 'record_changed']);
    });

    it('that is missing, with its records or without', async () => {
      const log = await LoggedTenant.make(t, 10);
      const lane = await growChain(log);
      await log.sql(
        'DELETE FROM call_log_batches WHERE tenant_id = $1 AND writer_id = $2 AND seq = 2',
        log.id,
        lane,
      );
      const { findings } = await log.verify();
      expect(findings[0]).toMatchObject({ kind: 'batch_missing', message: `batch ${lane}/2 is missing` });
      expect(findings.map(({ kind }) => kind)).toContain('record_added');
      await log.sql(
        'DELETE FROM mcp_call_logs WHERE tenant_id = $1 AND writer_id = $2 AND batch_seq = 2',
        log.id,
        lane,
      );
      expect(await log.found()).toEqual(['batch_missing']);
    });

    it('that changed places with another', async () => {
      const log = await LoggedTenant.make(t, 10);
      const lane = await growChain(log);
      const where = `WHERE tenant_id = '${log.id}' AND writer_id = '${lane}'`;
      await log.sql(`UPDATE call_log_batches SET seq = -seq ${where} AND seq IN (2, 3)`);
      await log.sql(`UPDATE call_log_batches SET seq = 5 + seq ${where} AND seq < 0`);
      await log.sql(`UPDATE mcp_call_logs SET batch_seq = 5 - batch_seq ${where} AND batch_seq IN (2, 3)`);
      expect(await log.found()).toEqual(['batch_changed', 'batch_reordered']);
    });
  });

  describe('finds in a period of two hours, of three months', () => {
    const PERIOD = { from: new Date('2026-03-01T10:00:00Z'), to: new Date('2026-03-01T12:00:00Z') };

    /** A chain with a batch of two calls for each hour of a day. */
    const madeLog = async () => {
      const log = await LoggedTenant.make(t, 0);
      const lane = new CallLogLane();
      for (let hour = 0; hour < 24; hour++) {
        const at = new Date(Date.UTC(2026, 2, 1, hour, 30));
        await log.write(lane, [{ createdAt: at }, { createdAt: new Date(at.getTime() + 1000) }]);
      }
      expect(await log.verify(PERIOD)).toMatchObject({ findings: [], records: 4 });
      return { log, within: (await log.rows()).slice(20, 24), where: `tenant_id = '${log.id}' AND` };
    };

    it('a record that was changed, and its batch said to be of another year', async () => {
      const { log, within, where } = await madeLog();
      await log.sql(`UPDATE mcp_call_logs SET request_data = '{}' WHERE id = $1`, within[0].id);
      await log.sql(
        `UPDATE call_log_batches SET first_at = '2020-01-01', last_at = '2020-01-01' WHERE ${where} seq = 11`,
      );
      expect(await log.found(PERIOD)).toEqual(['batch_changed', 'records_miscounted']);
      await log.sql(
        `UPDATE call_log_batches SET first_at = '2020-01-01', last_at = '2020-01-01' WHERE ${where} seq = 12`,
      );
      await log.sql(`DELETE FROM mcp_call_logs WHERE ${where} batch_seq IN (11, 12)`);
      expect(await log.found(PERIOD)).toEqual(['batch_changed']);
    });

    it.each([
      ['the first batch of the period', 11],
      ['the last batch of the period', 12],
      ['the batch before the period', 10],
      ['the first batch of the chain', 1],
    ])('%s gone, with its records', async (_what, seq) => {
      const { log, where } = await madeLog();
      await log.sql(`DELETE FROM mcp_call_logs WHERE ${where} batch_seq = ${seq}`);
      await log.sql(`DELETE FROM call_log_batches WHERE ${where} seq = ${seq}`);
      expect(await log.found(PERIOD)).toEqual(['batch_missing']);
    });

    it('a batch far outside of it that was changed', async () => {
      const { log, where } = await madeLog();
      await log.sql(
        `UPDATE call_log_batches SET first_at = first_at + interval '2 days', last_at = last_at + interval '2 days'
         WHERE ${where} seq = 24`,
      );
      expect(await log.found(PERIOD)).toEqual(['batch_changed']);
    });
  });

  it('finds a record that was put where no period ends', async () => {
    const log = await LoggedTenant.make(t, 3);
    await log.dropChecks();
    const columns = 'tenant_id, group_id, tool_name, era, transport, success, duration_ms';
    const endless = 'WHERE tenant_id = $1 AND NOT isfinite(created_at)';
    for (const time of ['infinity', '-infinity']) {
      await log.sql(
        `INSERT INTO mcp_call_logs (id, created_at, ${columns}, writer_id, batch_seq, batch_position)
         SELECT gen_random_uuid(), '${time}', ${columns}, writer_id, batch_seq, batch_position FROM mcp_call_logs
         WHERE tenant_id = $1 LIMIT 1`,
        log.id,
      );
      expect([time, await log.found()]).toEqual([time, ['record_added']]);
      await log.sql(`UPDATE mcp_call_logs SET writer_id = NULL ${endless}`, log.id);
      expect([time, await log.found()]).toEqual([time, ['record_added']]);
      await log.sql(`DELETE FROM mcp_call_logs ${endless}`, log.id);
      expect(await log.found()).toEqual([]);
    }
    await log.sql(`UPDATE call_log_batches SET last_at = 'infinity' WHERE tenant_id = $1`, log.id);
    expect(await log.found()).toEqual(['batch_changed']);
  });

  describe('finds a log that ends too early', () => {
    it('in its newest records', async () => {
      const log = await LoggedTenant.make(t);
      const newest = (await log.rows()).toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, 3);
      await log.sql(
        'DELETE FROM mcp_call_logs WHERE id = ANY ($1)',
        newest.map(({ id }) => id),
      );
      const { findings } = await log.verify();
      expect(new Set(findings.map(({ kind, recordId }) => `${kind} ${recordId}`))).toEqual(
        new Set(newest.map(({ id }) => `record_missing ${id}`)),
      );
      expect(findings).toHaveLength(3);
    });

    const cutOff = async (log: LoggedTenant) => {
      const [last] = (await log.rows()).toReversed();
      for (const [table, seq] of [
        ['mcp_call_logs', 'batch_seq'],
        ['call_log_batches', 'seq'],
      ]) {
        await log.sql(
          `DELETE FROM ${table} WHERE tenant_id = $1 AND writer_id = $2 AND ${seq} >= $3`,
          log.id,
          last.writer_id,
          last.batch_seq,
        );
      }
      return last;
    };

    it('in its newest batches with their records, against a checkpoint', async () => {
      const log = await LoggedTenant.make(t);
      await log.checkpoint();
      const last = await cutOff(log);
      const { findings } = await log.verify();
      expect(findings).toMatchObject([
        {
          kind: 'log_truncated',
          message: expect.stringMatching(
            new RegExp(`ends before batch ${last.writer_id}/${last.batch_seq}, for which checkpoint 1`),
          ),
        },
      ]);
    });

    it('in a chain that is gone altogether', async () => {
      const log = await LoggedTenant.make(t);
      await log.checkpoint();
      for (const table of ['mcp_call_logs', 'call_log_batches'])
        await log.sql(`DELETE FROM ${table} WHERE tenant_id = $1`, log.id);
      expect(await log.found()).toEqual(['log_truncated']);
    });

    it('also where the checkpoints were taken away with it, against those kept outside', async () => {
      const log = await LoggedTenant.make(t);
      const kept = [await log.checkpoint()];
      await log.call(10);
      kept.push(await log.checkpoint());
      const checkpoints = jsonLines(kept);
      expect((await log.verify({ checkpoints })).findings).toEqual([]);
      const [second] = await log.sql<{ text: string }>(
        'SELECT text FROM call_log_checkpoints WHERE tenant_id = $1 AND number = 2',
        log.id,
      );
      await log.sql('DELETE FROM call_log_checkpoints WHERE tenant_id = $1 AND number = 2', log.id);
      for (const [, writer, seq] of second.text.matchAll(/^head (\S+) (\d+)/gm)) {
        const [head] = await log.sql<{ seq: number }>(
          `SELECT substring(text FROM 'head ${writer} (\\d+)')::int AS seq FROM call_log_checkpoints WHERE tenant_id = $1`,
          log.id,
        );
        if (head.seq === Number(seq)) continue;
        for (const [table, column] of [
          ['mcp_call_logs', 'batch_seq'],
          ['call_log_batches', 'seq'],
        ]) {
          await log.sql(
            `DELETE FROM ${table} WHERE tenant_id = $1 AND writer_id = $2 AND ${column} > $3`,
            log.id,
            writer,
            head.seq ?? 0,
          );
        }
      }
      expect(await log.found()).toEqual([]); // the state that checkpoint 1 was made of: nothing inside tells
      expect(await log.found({ checkpoints })).toEqual(['checkpoint_missing', 'log_truncated']);
    });
  });

  describe('finds a checkpoint', () => {
    it('that is an old one in the place of a new one', async () => {
      const log = await LoggedTenant.make(t, 10);
      await log.checkpoint();
      await log.call(5);
      await log.checkpoint();
      await log.sql(
        `UPDATE call_log_checkpoints new SET text = old.text, signature = old.signature, created_at = old.created_at
         FROM call_log_checkpoints old WHERE new.tenant_id = $1 AND new.number = 2 AND old.tenant_id = $1 AND old.number = 1`,
        log.id,
      );
      const { findings } = await log.verify();
      expect(findings).toMatchObject([
        {
          kind: 'checkpoint_replayed',
          message: expect.stringContaining('in the place of checkpoint 2 lies checkpoint 1'),
        },
      ]);
    });

    it('that was given again to where they are kept, though not the same one twice in a row', async () => {
      const log = await LoggedTenant.make(t, 10);
      const one = await log.checkpoint();
      await log.call(5);
      const two = await log.checkpoint();
      expect(await log.found({ checkpoints: jsonLines([one, one, two, two]) })).toEqual([]);
      const { findings } = await log.verify({ checkpoints: jsonLines([one, two, one]) });
      expect(findings).toMatchObject([
        {
          kind: 'checkpoint_replayed',
          message: expect.stringContaining('line 3 of the file is checkpoint 1, after checkpoint 2'),
        },
      ]);
    });

    it('that is another tenant’s', async () => {
      const [log, other] = [await LoggedTenant.make(t, 5), await LoggedTenant.make(t, 5)];
      await log.checkpoint();
      const theirs = await other.checkpoint();
      await log.sql(
        'UPDATE call_log_checkpoints SET text = $2, signature = $3 WHERE tenant_id = $1',
        log.id,
        theirs.text,
        Buffer.from(theirs.signature, 'base64'),
      );
      expect(await log.found()).toEqual(['checkpoint_replayed']);
    });

    it('that was changed, taken from the middle, or signed by a stranger', async () => {
      const log = await LoggedTenant.make(t, 0);
      const lane = new CallLogLane(); // of two, one might be in the second checkpoint only: that it is gone would be found twice
      await log.write(lane, [{}, {}, {}, {}, {}]);
      for (let n = 0; n < 3; n++) {
        await log.write(lane, [{}, {}]);
        await log.checkpoint();
      }
      await log.sql(
        `UPDATE call_log_checkpoints SET text = replace(text, 'records 7', 'records 8') WHERE tenant_id = $1`,
        log.id,
      );
      expect(await log.found()).toEqual(['checkpoint_changed']);
      await log.sql(
        `UPDATE call_log_checkpoints SET text = replace(text, 'records 8', 'records 7') WHERE tenant_id = $1`,
        log.id,
      );
      const stranger = generateKeyPairSync('ed25519');
      const [{ text, key_id: own, signature }] = await log.sql<{
        text: string;
        key_id: string;
        signature: Buffer;
      }>('SELECT * FROM call_log_checkpoints WHERE tenant_id = $1 AND number = 2', log.id);
      const resign = (keyId: string, signed: Buffer) =>
        log.sql(
          'UPDATE call_log_checkpoints SET key_id = $2, signature = $3 WHERE tenant_id = $1 AND number = 2',
          log.id,
          keyId,
          signed,
        );
      const forged = sign(null, Buffer.from(text), stranger.privateKey);
      const strangersId = keyIdOf(stranger.publicKey);
      await log.sql(
        'INSERT INTO call_log_signing_keys (key_id, public_key) VALUES ($1, $2)',
        strangersId,
        stranger.publicKey.export({ type: 'spki', format: 'pem' }),
      );
      await resign(strangersId, forged);
      expect(await log.found()).toEqual(['checkpoint_forged']);
      await resign(own, forged);
      expect(await log.found()).toEqual(['checkpoint_changed']);
      await resign(own, signature);
      expect(await log.found()).toEqual([]);
      await log.sql('DELETE FROM call_log_checkpoints WHERE tenant_id = $1 AND number = 2', log.id);
      expect(await log.found()).toEqual(['checkpoint_missing']);
    });
  });

  describe('finds a removal', () => {
    const retention = async (
      log: LoggedTenant,
      change: { keyId: string | null; signature: Buffer | null },
    ) => {
      const removal = {
        id: newId(),
        tenantId: log.id,
        createdAt: new Date(),
        kind: 'retention',
        groupId: null,
        before: new Date(Date.now() + 1000),
        recordIds: null,
        uncovered: 0,
        reason: 'retention',
        removedBy: 'retention',
      } as const;
      await log.sql(
        `INSERT INTO call_log_removals (id, tenant_id, created_at, kind, before, reason, removed_by, key_id, signature)
         VALUES ($1, $2, $3, 'retention', $4, 'retention', 'retention', $5, $6)`,
        removal.id,
        removal.tenantId,
        removal.createdAt,
        removal.before,
        change.keyId,
        change.signature,
      );
      return removal;
    };

    it('that nobody signed, and takes the records for missing', async () => {
      const log = await LoggedTenant.make(t, 5);
      await retention(log, { keyId: null, signature: null });
      await log.sql('DELETE FROM mcp_call_logs WHERE tenant_id = $1', log.id);
      expect(await log.found()).toEqual(['record_missing', 'removal_unsigned']);
    });

    it('that a stranger signed, whose key lies in the database', async () => {
      const log = await LoggedTenant.make(t, 5);
      const stranger = generateKeyPairSync('ed25519');
      const keyId = keyIdOf(stranger.publicKey);
      await log.sql(
        'INSERT INTO call_log_signing_keys (key_id, public_key) VALUES ($1, $2)',
        keyId,
        stranger.publicKey.export({ type: 'spki', format: 'pem' }),
      );
      const removal = await retention(log, { keyId, signature: Buffer.alloc(64) });
      await log.sql(
        'UPDATE call_log_removals SET signature = $2 WHERE id = $1',
        removal.id,
        sign(null, Buffer.from(removalText(removal)), stranger.privateKey),
      );
      await log.sql('DELETE FROM mcp_call_logs WHERE tenant_id = $1', log.id);
      expect(await log.found()).toEqual(['record_missing', 'removal_forged']);
    });

    it('that was widened after it was signed, or taken from another tenant', async () => {
      const [log, other] = [await LoggedTenant.make(t, 5), await LoggedTenant.make(t, 5)];
      const { id: tenantId } = log;
      await inTenant(tenantId, () =>
        t.app.get(CallLogRemovals).recordRetention(t.dataSource, { tenantId, before: new Date(0) }),
      );
      await log.sql('DELETE FROM mcp_call_logs WHERE tenant_id = $1', tenantId);
      expect(await log.found()).toEqual(['record_missing']);
      await log.sql(
        `UPDATE call_log_removals SET before = now() + interval '1 day' WHERE tenant_id = $1`,
        tenantId,
      );
      expect(await log.found()).toEqual(['record_missing', 'removal_forged']);
      await log.sql('UPDATE call_log_removals SET tenant_id = $2 WHERE tenant_id = $1', tenantId, other.id);
      expect(await other.found()).toEqual(['removal_forged']);
    });

    it('that covers another group, or ends too early', async () => {
      const log = await LoggedTenant.make(t, 5);
      const { id: tenantId } = log;
      await inTenant(tenantId, () =>
        t.app
          .get(CallLogRemovals)
          .recordRetention(t.dataSource, { tenantId, groupId: newId(), before: new Date(Date.now() + 1000) }),
      );
      await log.sql('DELETE FROM mcp_call_logs WHERE tenant_id = $1', tenantId);
      expect(await log.found()).toEqual(['record_missing']);
    });

    it('of a payload that nobody signed for, even with the right commitments', async () => {
      const log = await LoggedTenant.make(t, 5);
      const [victim] = await log.rows();
      await log.sql(`SELECT set_config('toolcrib.tenant_id', $1, false)`, log.id);
      await t.dataSource.transaction(async (manager) => {
        await manager.query(`SELECT set_config('toolcrib.tenant_id', $1, true)`, [log.id]);
        await manager.query('SELECT erase_call_records($1)', [[victim.id]]);
      });
      const { findings } = await log.verify();
      expect(findings).toMatchObject([{ kind: 'erasure_unsigned', recordId: victim.id }]);
    });

    it('of a payload with made-up commitments, and a payload put where one was erased', async () => {
      const log = await LoggedTenant.make(t, 5);
      const [one, other] = await log.rows();
      const erase = (id: string) =>
        t.rest('POST', '/admin/call-logs/erase', {
          token: log.tenant.adminToken,
          body: { record_ids: [id], reason: 'x' },
        });
      expect((await erase(one.id)).status).toBe(200);
      await log.sql(`UPDATE mcp_call_logs SET request_data = '{}' WHERE id = $1`, one.id);
      expect(await log.found()).toEqual(['record_unerased']);
      await log.sql(`UPDATE mcp_call_logs SET request_data = NULL WHERE id = $1`, one.id);
      await log.sql(
        `UPDATE mcp_call_logs SET request_data = NULL, response_data = NULL, error_message = NULL, salt = NULL,
           request_commitment = sha256('x'), response_commitment = sha256('y') WHERE id = $1`,
        other.id,
      );
      expect(await log.found()).toEqual(['record_changed']);
    });
  });

  it('knows how many records there were before there were chains, and lets them not grow', async () => {
    const log = await LoggedTenant.make(t, 0);
    const old = (time: string) =>
      log.sql(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
         VALUES (gen_random_uuid(), $2, $1, $1, 'old', 'x', 'rest', true, 1)`,
        log.id,
        time,
      );
    await old('2026-01-01T00:00:00Z');
    await log.sql(`INSERT INTO call_log_uncovered VALUES ($1, 1, '2026-01-01T00:00:00Z')`, log.id);
    await log.call(3);
    expect(await log.verify()).toMatchObject({ findings: [], records: 3, uncovered: 1 });
    await log.checkpoint();
    await old('2025-12-01T00:00:00Z');
    expect(await log.found()).toEqual(['uncovered_changed']);
    await log.sql('UPDATE call_log_uncovered SET records = 2 WHERE tenant_id = $1', log.id);
    expect(await log.found()).toEqual(['uncovered_changed']); // the checkpoint says one
  });

  describe('finds what keeps rows from sight', () => {
    const TENANT = `tenant_id = nullif(current_setting('toolcrib.tenant_id', true), '')::uuid`;
    const cases: [string, string, string, string][] = [
      [
        'a policy beside the ones that migrations make',
        `CREATE POLICY quiet ON mcp_call_logs AS RESTRICTIVE FOR SELECT USING (tool_name <> 'fail')`,
        'DROP POLICY quiet ON mcp_call_logs',
        `mcp_call_logs: the policy quiet was made or changed by somebody and decides which rows are seen: ((tool_name)::text <> 'fail'::text)`,
      ],
      [
        'one of those, changed',
        `ALTER POLICY tenant_isolation ON call_log_removals USING (${TENANT} AND kind <> 'erasure')`,
        `ALTER POLICY tenant_isolation ON call_log_removals USING (${TENANT})`,
        'call_log_removals: the policy tenant_isolation was made or changed by somebody',
      ],
      [
        'one for a role that the service is a member of',
        'CREATE POLICY inherited ON call_log_checkpoints AS RESTRICTIVE TO pg_read_all_stats USING (false); GRANT pg_read_all_stats TO toolcrib_app',
        'REVOKE pg_read_all_stats FROM toolcrib_app; DROP POLICY inherited ON call_log_checkpoints',
        'call_log_checkpoints: the policy inherited was made',
      ],
      [
        'row-level security where there is to be none',
        'ALTER TABLE call_log_signing_keys ENABLE ROW LEVEL SECURITY',
        'ALTER TABLE call_log_signing_keys DISABLE ROW LEVEL SECURITY',
        'call_log_signing_keys: no policy shows its rows',
      ],
      [
        'a view in the place of the table',
        `ALTER TABLE call_log_deliveries RENAME TO call_log_delivered;
           CREATE VIEW public.call_log_deliveries AS SELECT * FROM call_log_delivered WHERE false;
           GRANT SELECT ON public.call_log_deliveries TO toolcrib_app`,
        'DROP VIEW public.call_log_deliveries; ALTER TABLE call_log_delivered RENAME TO call_log_deliveries',
        'call_log_deliveries: it is not the table that the migrations made',
      ],
      [
        'a policy that hides tenants',
        'CREATE POLICY gone ON tenants AS RESTRICTIVE TO toolcrib_system USING (false)',
        'DROP POLICY gone ON tenants',
        'tenants: the policy gone was made',
      ],
    ];

    it.each(cases)('%s', async (_name, make, undo, message) => {
      const log = await LoggedTenant.make(t, 5);
      const verified = () => verifyLog(t.config, { from: null, to: null, tenant: log.id });
      expect((await verified()).findings).toEqual([]);
      await log.sql(make);
      const result = await andThen(verified, () => log.sql(undo));
      expect(result.findings).toEqual([{ kind: 'rows_hidden', message: expect.stringContaining(message) }]);
      expect(reportText(result)).toContain('installation\n  FOUND rows_hidden: ');
      expect((await verified()).findings).toEqual([]);
    });

    it('and looks past a view in a schema of the reader: a name means our table', async () => {
      const log = await LoggedTenant.make(t, 5);
      const verified = () => verifyLog(t.config, { from: null, to: null, tenant: log.id });
      await log.sql(
        `CREATE SCHEMA toolcrib_app CREATE VIEW mcp_call_logs AS SELECT * FROM public.mcp_call_logs WHERE false;
           GRANT USAGE ON SCHEMA toolcrib_app TO toolcrib_app; GRANT SELECT ON toolcrib_app.mcp_call_logs TO toolcrib_app`,
      );
      const { findings, reports } = await andThen(verified, () =>
        log.sql('DROP SCHEMA toolcrib_app CASCADE'),
      );
      expect([findings, reports]).toMatchObject([[], [{ records: 5 }]]);
    });

    it('and reads what the service reads, also where a policy would show all to a reader of another name', async () => {
      const log = await LoggedTenant.make(t, 5);
      const [{ name }] = await inTenant(log.id, () =>
        t.app.get(DataSource).query<{ name: string }[]>(`SELECT current_setting('application_name') AS name`),
      );
      await log.sql(
        `CREATE POLICY two_faced ON mcp_call_logs AS RESTRICTIVE FOR SELECT TO toolcrib_app
           USING (tool_name <> 'fail' OR current_setting('application_name') <> '${name}')`,
      );
      const undo = () => log.sql('DROP POLICY two_faced ON mcp_call_logs');
      const kinds = await andThen(() => log.found(), undo);
      expect(kinds).toEqual(['record_missing']);
    });
  });

  it('says it in words', async () => {
    const log = await LoggedTenant.make(t, 5);
    const [victim] = await log.rows();
    await log.sql('DELETE FROM mcp_call_logs WHERE id = $1', victim.id);
    const text = reportText({ findings: [], reports: [await log.verify()], notes: [] });
    expect(text).toContain(
      `FOUND record_missing: ${nameOf(victim)} is missing, and no signed removal covers it`,
    );
    expect(text).toContain('FOUND 1: the log was tampered with.');
  });

  /** Calls one after the other, until one chain of the tenant has four batches; returns its writer. */
  async function growChain(log: LoggedTenant): Promise<string> {
    for (let n = 0; n < 60; n++) {
      const [chain] = await log.sql<{ writer: string; seq: number }>(
        'SELECT writer_id AS writer, max(seq) AS seq FROM call_log_batches WHERE tenant_id = $1 GROUP BY 1 ORDER BY 2 DESC LIMIT 1',
        log.id,
      );
      if (chain.seq >= 4) return chain.writer;
      await log.call(1);
    }
    throw new Error('No chain grew');
  }
});

/** Undoes what a case made, also where it fails. */
async function andThen<T>(work: () => Promise<T>, undo: () => Promise<unknown>): Promise<T> {
  try {
    return await work();
  } finally {
    await undo();
  }
}
