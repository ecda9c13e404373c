import { Controller, Get, Injectable, Param, ParseUUIDPipe } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { SignedIn } from '../../src/access/access.js';
import { NotFoundError } from '../../src/platform/errors.js';
import { SYSTEM_DATABASE } from '../../src/platform/database/system-database.js';
import { withOwner } from '../../src/boot/database/migrate.js';
import { attackIsolation, type AttackReport } from '../../src/operations/isolation/attack.js';
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
    const { findings, unexplained, operations, requests } = await attack(t);
    expect({ NUMBER, findings, unexplained }).toEqual({ NUMBER, findings: [], unexplained: [] });
    expect(operations.filter(({ outcome }) => outcome === 'attacked').length).toBeGreaterThan(30);
    expect(requests).toBeGreaterThan(500);
    expect(await rowsOf(t)).toEqual(before);
  }, 600_000);

  describe('with mistakes built in', () => {
    let careless: TestApp;
    const setSecurity = (how: 'ENABLE' | 'DISABLE') =>
      careless.dataSource.query(`ALTER TABLE mcp_tool_groups ${how} ROW LEVEL SECURITY`);

    beforeAll(async () => {
      careless = await createTestApp({
        tools: [CarelessTools],
        controllers: [ForgetfulController, RememberingController],
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
