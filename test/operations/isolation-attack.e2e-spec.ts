import { Controller, Get, Injectable, Param, ParseUUIDPipe } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { SignedIn } from '../../src/access/access.js';
import { NotFoundError } from '../../src/platform/errors.js';
import { SYSTEM_DATABASE } from '../../src/platform/database/system-database.js';
import { withOwner } from '../../src/boot/database/migrate.js';
import { attackIsolation, type AttackReport } from '../../src/operations/isolation/attack.js';
import { makeSide, removeSides, staySignedIn } from '../../src/operations/isolation/world.js';
import { examine } from '../../src/operations/doctor/doctor.js';
import { ifLockIsFree } from '../../src/platform/database/advisory-locks.js';
import { newId } from '../../src/platform/new-id.js';
import { EVERY_VALUE, everyFewValues } from '../../src/operations/isolation/choice.js';
import { listGuardedTables } from '../../src/operations/isolation/guarded-tables.js';
import { McpTool } from '../../src/tools/mcp-tool.decorator.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

/** A route whose author forgot the tenant. */
@Controller('api/v1/test/forgetful-groups')
class ForgetfulController {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @SignedIn()
  @Get(':id')
  async get(@Param('id', ParseUUIDPipe) id: string) {
    const [group] = await this.dataSource.query<object[]>('SELECT * FROM mcp_tool_groups WHERE id = $1', [
      id,
    ]);
    if (!group) throw new NotFoundError(`No group ${id}`);
    return { success: true, data: group };
  }
}

/** A route that keeps the first answer for everybody. */
@Controller('api/v1/test/remembered-groups')
class RememberingController {
  private remembered: unknown;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @SignedIn()
  @Get()
  async list() {
    this.remembered ??= await this.dataSource.query<object[]>('SELECT name FROM mcp_tool_groups');
    return { success: true, data: this.remembered };
  }
}

/** A route that tells anybody the id of a victim's row that has just been asked for elsewhere. */
@Controller('api/v1/test/last-asked')
class GossipController {
  private last = '';

  @SignedIn()
  @Get(':id')
  get(@Param('id', ParseUUIDPipe) id: string) {
    const data = { asked_before: this.last };
    this.last = id;
    return { success: true, data };
  }
}

/** A tool that goes around the chokepoint. */
@Injectable()
class CarelessTools {
  constructor(@InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource) {}

  @McpTool({
    name: 'careless_user',
    description: 'Reads any user',
    category: 'test',
    version: '1.0.0',
    input: z.object({ user_id: z.string().describe('Id of the user: a UUID') }),
  })
  async read({ user_id }: { user_id: string }) {
    const [user] = await this.system.query<object[]>('SELECT username FROM users WHERE id::text = $1', [
      user_id,
    ]);
    if (!user) throw new NotFoundError('No such user');
    return user;
  }
}

const DAY_MS = 86_400_000;
/** With all values it is `toolcrib doctor --isolation`; here each field meets the likeliest, and another one every day. */
const NUMBER = Number(process.env['ATTACK_NUMBER'] ?? Math.floor(Date.now() / DAY_MS));

const summary = ({ findings }: AttackReport) => [...new Set(findings.map(({ where }) => where))];

describe('toolcrib doctor --isolation', () => {
  let t: TestApp;
  const attack = (on: TestApp, only = /./, values = everyFewValues(NUMBER)) =>
    withOwner(on.config, (owner) => attackIsolation({ app: on.app, url: on.url, owner }, { only, values }));
  const rowsOf = async (on: TestApp) => {
    const tables = (await listGuardedTables(on.dataSource)).filter(({ isPartition }) => !isPartition);
    const counts = tables.map(({ name }) => `SELECT '${name}' AS t, count(*)::int AS n FROM "${name}"`);
    return on.dataSource.query<{ t: string; n: number }[]>(`${counts.join(' UNION ALL ')} ORDER BY 1`);
  };

  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('finds no way from one tenant to another, and leaves nothing behind', async () => {
    await t.newTenant();
    const before = await rowsOf(t);
    await t.dataSource.query('CREATE TABLE watched (what text, whose uuid)');
    for (const [table, what] of [
      ['jobs', 'made'],
      ['job_attempts', 'ran'],
    ])
      await t.dataSource
        .query(`CREATE FUNCTION watch_${table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
          BEGIN INSERT INTO watched VALUES ('${what}', NEW.tenant_id); RETURN NEW; END $$;
        CREATE TRIGGER watch AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION watch_${table}()`);
    const { findings, unexplained, operations, requests } = await attack(t);
    expect({ NUMBER, findings, unexplained }).toEqual({ NUMBER, findings: [], unexplained: [] });
    expect(operations.filter(({ outcome }) => outcome === 'attacked').length).toBeGreaterThan(30);
    expect(requests).toBeGreaterThan(500);
    expect(await rowsOf(t)).toEqual(before);
    // A worker ran beside it all the time, and had them left to it.
    const watched = await t.dataSource.query<{ what: string; count: number }[]>(
      `SELECT what, count(*)::int AS count FROM watched WHERE whose NOT IN (SELECT id FROM tenants) GROUP BY what`,
    );
    expect(watched).toEqual([{ what: 'made', count: expect.any(Number) }]);
  }, 600_000);

  describe('a run that was killed', () => {
    const leaveBehind = (on: TestApp) =>
      withOwner(on.config, (owner) => makeSide({ app: on.app, url: on.url, owner }, newId()));

    it('leaves tenants that nobody sees and nothing is done for, and that the next run removes', async () => {
      const { tenantId, adminToken: token } = await t.newTenant();
      await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [tenantId]);
      const before = await rowsOf(t);
      const side = await leaveBehind(t);
      const listed = await t.rest('GET', '/admin/tenants?limit=200', { token });
      expect(listed.status).toBe(200);
      expect(JSON.stringify(listed.body)).not.toContain(side.marker);
      const found = (await examine(t.config)).find(({ name }) => name === 'tenants');
      expect([found?.status, found?.message]).toEqual(['warning', expect.stringMatching(/^1 were made up/)]);
      const report = await attack(t, /^GET .*\/tenants$/);
      expect(report.findings).toEqual([]);
      expect(await rowsOf(t)).toEqual(before);
    });

    it('is not taken for one while it is under way: there is one at a time', async () => {
      await withOwner(t.config, (owner) =>
        ifLockIsFree(owner, { name: 'isolationCheck' }, async () => {
          await expect(attack(t, /^GET \/api\/v1\/auth\/me$/)).rejects.toThrow('is under way');
        }),
      );
    });
  });

  it('signs its people in anew before their access tokens expire', async () => {
    const before = await rowsOf(t);
    await withOwner(t.config, async (owner) => {
      const target = { app: t.app, url: t.url, owner };
      const side = await makeSide(target, newId());
      const [first, claims = '', signature] = [side.token, ...side.token.split('.').slice(1)];
      await staySignedIn(target, side);
      expect(side.token).toBe(first);
      const { iat, exp, ...rest } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
        iat: number;
        exp: number;
      };
      const older = { ...rest, iat: iat - (exp - iat), exp: iat + 30 };
      const head = first.split('.')[0];
      side.token = [head, Buffer.from(JSON.stringify(older)).toString('base64url'), signature].join('.');
      await staySignedIn(target, side);
      expect(side.token).not.toContain(head + '.' + Buffer.from(JSON.stringify(older)).toString('base64url'));
      expect((await t.rest('GET', '/auth/me', { token: side.token })).status).toBe(200);
      await removeSides(target, []);
    });
    expect(await rowsOf(t)).toEqual(before);
  });

  describe('with mistakes built in', () => {
    let careless: TestApp;
    const setSecurity = (how: 'ENABLE' | 'DISABLE') =>
      careless.dataSource.query(`ALTER TABLE mcp_tool_groups ${how} ROW LEVEL SECURITY`);

    beforeAll(async () => {
      careless = await createTestApp({
        tools: [CarelessTools],
        controllers: [ForgetfulController, GossipController, RememberingController],
      });
    });
    afterAll(() => careless.close());

    it('names a tool that goes around the chokepoint', async () => {
      const report = await attack(careless, /^tool (careless_user|get_user_profile)$/);
      expect([report.ok, summary(report)]).toEqual([false, ['tool careless_user']]);
      expect(report.findings[0]?.attack).toContain("argument user_id = the other tenant's");
    });

    it('names a route that keeps an answer for everybody', async () => {
      const report = await attack(careless, /remembered-groups/);
      expect(summary(report)).toEqual(['GET /api/v1/test/remembered-groups']);
      expect(report.findings[0]?.attack).toBe('asked right after the other tenant');
    });

    it('names a route that tells what was sent before and is in no row of the attacker', async () => {
      const report = await attack(careless, /last-asked/, EVERY_VALUE);
      expect(summary(report)).toEqual(['GET /api/v1/test/last-asked/{id}']);
      const problems = report.findings.map(({ problem }) => problem);
      expect(problems).toContainEqual(expect.stringContaining('what was sent before'));
    });

    it('shows that a forgotten where alone leaks nothing', async () => {
      const report = await attack(careless, /forgetful-groups/, EVERY_VALUE);
      expect(report.findings).toEqual([]);
    });

    it('names the route when the table has lost its row-level security as well', async () => {
      await setSecurity('DISABLE');
      const report = await attack(careless, /forgetful-groups/, EVERY_VALUE); // nothing says what its id is of
      await setSecurity('ENABLE');
      expect(summary(report)).toEqual(['GET /api/v1/test/forgetful-groups/{id}']);
      expect(report.findings[0]?.problem).toContain("answer holds what is the other tenant's");
    });

    it('names a row of one tenant that refers to a row of another', async () => {
      await careless.dataSource
        .query(`CREATE FUNCTION misplace() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN NEW.created_by := (SELECT id FROM users WHERE tenant_id <> NEW.tenant_id ORDER BY id DESC LIMIT 1); RETURN NEW; END $$`);
      await careless.dataSource.query(
        `CREATE TRIGGER misplace BEFORE UPDATE ON mcp_tool_groups FOR EACH ROW EXECUTE FUNCTION misplace()`,
      );
      const report = await attack(careless, /^(DELETE|PUT) .*\/groups\/\{id\}$|forgetful/);
      await careless.dataSource.query('DROP TRIGGER misplace ON mcp_tool_groups; DROP FUNCTION misplace()');
      expect(summary(report)).toContain('mcp_tool_groups');
    });
  });
});
