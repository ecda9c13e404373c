import { DataSource } from 'typeorm';
import { ifLockIsFree } from '../../platform/database/advisory-locks.js';
import { StartError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { openApiDocument } from '../../platform/rest/rest.js';
import { ToolRegistry } from '../../tools/tool-registry.js';
import { Battle } from './battle.js';
import { type Choice, EVERY_VALUE } from './choice.js';
import { isExcepted, KNOWN, NOT_ATTACKED } from './exceptions.js';
import { send } from './http.js';
import type { Finding } from './leaks.js';
import { McpAttack } from './mcp-attack.js';
import { type OpenApi, operationsOf } from './operations.js';
import { type OperationResult, RestAttack } from './rest-attack.js';
import { ToolAttack } from './tool-attack.js';
import { seedEmptyTables } from './seed.js';
import { listGuardedTables } from './guarded-tables.js';
import { addSpare, makeSide, removeSides, type Target, staySignedIn } from './world.js';

/** Pages beside the API that anyone may open. */
const OPEN_PATHS = [
  '/',
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/api/docs-json',
  '/api/docs-yaml',
  '/api/docs',
];

export type AttackReport = {
  /** Nothing found, and nothing left out without a reason. */
  readonly ok: boolean;
  readonly requests: number;
  readonly operations: readonly OperationResult[];
  readonly findings: readonly Finding[];
  /** Findings that are by design, with the reason. */
  readonly known: readonly (Finding & { readonly reason: string })[];
  /** Not attacked, and no reason is on file. */
  readonly unexplained: readonly OperationResult[];
};

export type AttackOptions = {
  /** Only routes and tools whose name matches. @default all */
  readonly only?: RegExp;
  /** Of what is the victim's, the values to try in each field. @default all */
  readonly values?: Choice;
};

/**
 * Makes two tenants that look alike and lets one attack the other over every REST route of the OpenAPI document, every MCP
 * method and every registered tool; then removes both. Touches no other tenant.
 *
 * @throws {StartError} Another check is under way on this database.
 */
export async function attackIsolation(target: Target, options: AttackOptions = {}): Promise<AttackReport> {
  const lock = { name: 'isolationCheck' } as const;
  const report = await ifLockIsFree(target.owner, lock, () => attackAlone(target, options));
  if (report) return report;
  throw new StartError('Another isolation check is under way on this database; wait until it is over');
}

async function attackAlone(target: Target, options: AttackOptions): Promise<AttackReport> {
  const tenantIds = [newId(), newId()] as const;
  await removeSides(target, []);
  try {
    const attacker = await makeSide(target, tenantIds[0]);
    const victim = await makeSide(target, tenantIds[1]);
    const tables = await listGuardedTables(target.owner);
    for (const side of [attacker, victim]) await seedEmptyTables(target.app.get(DataSource), tables, side);
    const battle = new Battle(target, { attacker, victim, choose: options.values ?? EVERY_VALUE });
    const results = await attackAll(battle, options.only ?? /./);
    await battle.checkOwnRows();
    return toReport(battle, results);
  } finally {
    await removeSides(target, tenantIds);
  }
}

async function attackAll(battle: Battle, only: RegExp): Promise<OperationResult[]> {
  const results: OperationResult[] = [];
  await battle.survey();
  for (const tool of battle.target.app.get(ToolRegistry).definitions()) {
    if (only.test(`tool ${tool.name}`)) results.push(await new ToolAttack(battle, tool).run());
  }
  if (only.test('MCP')) await new McpAttack(battle).run();
  await battle.survey();
  const operations = operationsOf((await openApiDocument(battle.target.app)) as unknown as OpenApi);
  for (const operation of operations.filter(({ name }) => only.test(name))) {
    if (operation.method === 'DELETE') {
      await staySignedIn(battle.target, battle.attacker);
      await addSpare(battle.target, battle.attacker);
      await battle.survey();
    }
    results.push(await new RestAttack(battle, operation, operations).run());
  }
  for (const path of OPEN_PATHS) {
    const answer = await send({ method: 'GET', url: `${battle.target.url}${path}` });
    await battle.inspect(`GET ${path}`, 'without a token', answer);
  }
  return results;
}

function toReport(battle: Battle, operations: readonly OperationResult[]): AttackReport {
  const explained = battle.findings.map((finding) => ({
    ...finding,
    reason: isExcepted(KNOWN, finding.where, finding.attack, finding.problem)?.reason,
  }));
  const findings = explained.filter(({ reason }) => reason === undefined);
  const known = explained.flatMap(({ reason, ...finding }) =>
    reason === undefined ? [] : [{ ...finding, reason }],
  );
  const unexplained = operations.filter(
    ({ name, outcome }) => outcome === 'not_attacked' && !isExcepted(NOT_ATTACKED, name),
  );
  const ok = findings.length === 0 && unexplained.length === 0;
  return { ok, requests: battle.requests, operations, findings, known, unexplained };
}
