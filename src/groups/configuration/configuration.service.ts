import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { AdminCaller } from '../../access/caller.js';
import { isAllowed } from '../../access/permissions.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { ForbiddenError, PreconditionFailedError } from '../../platform/errors.js';
import { GroupChanges } from '../group-changes.js';
import { explainTaken } from '../groups.service.js';
import { ConfigurationChecks } from './configuration-checks.js';
import type { ConfigurationFile } from './configuration-file.js';
import { normalized, readRows, type TenantRows, toConfiguration } from './configuration-rows.js';
import { type ParsedConfiguration, parseConfiguration, wrongFile } from './parse-configuration.js';
import { type Change, planChanges } from './plan.js';
import { type NewKey, PlanWriter, type Writing } from './plan-writer.js';
import { isSameTag } from '../../platform/rest/preconditions.js';
import { etagOfConfiguration } from './write-configuration.js';

/** A tenant's configuration and the tag of this state of it. */
export type Exported = { readonly file: ConfigurationFile; readonly etag: string };

/** `etag` is the tag of the state that the changes begin from. */
export type Planned = { readonly changes: readonly Change[]; readonly etag: string };

/** `etag` is the tag of the state that is in force now. */
export type Applied = Planned & {
  readonly applied: boolean;
  /** Those that were made, for a caller who may see them. */
  readonly newKeys: readonly NewKey[];
};

export type ApplyOptions = {
  readonly dryRun?: boolean;
  /** Tag that the caller's diff or export had; undefined: whatever is there. */
  readonly expected?: readonly string[];
  /** What becomes of running calls that lose their key, tool or group. */
  readonly inFlight?: InFlight;
};

/** The configuration of a tenant as a file: shown, compared and applied as a whole. */
@Injectable()
export class ConfigurationService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly checks: ConfigurationChecks,
    private readonly writer: PlanWriter,
    private readonly audit: AuditTrail,
  ) {}

  /** Holds keys by their names only. */
  async export(caller: AdminCaller): Promise<Exported> {
    const file = toConfiguration(await this.read(caller));
    return { file, etag: etagOfConfiguration(file) };
  }

  /** @throws {InvalidInputError} All that is wrong with the file. */
  async diff(caller: AdminCaller, text: string): Promise<Planned> {
    const parsed = parseConfiguration(text);
    return this.plan(caller, parsed, await this.read(caller));
  }

  /**
   * Makes the tenant's groups what the file says, all or nothing; when they say the same already, nothing is written.
   *
   * @throws {InvalidInputError} All that is wrong with the file.
   * @throws {PreconditionFailedError} Something changed since the caller's diff.
   */
  async apply(caller: AdminCaller, text: string, options: ApplyOptions = {}): Promise<Applied> {
    const parsed = parseConfiguration(text);
    if (options.dryRun) return this.tryOut(caller, parsed, options);
    const { inFlight } = options;
    const carryOut = (manager: EntityManager, touch: (groupId: string) => void) =>
      this.carryOut({ manager, caller, touch }, parsed, options.expected);
    return this.changes.changeAll(caller, carryOut, { inFlight }).catch(explainTaken);
  }

  private async carryOut(
    { manager, caller, touch }: Omit<Writing, 'rows'>,
    parsed: ParsedConfiguration,
    expected: readonly string[] | undefined,
  ): Promise<Applied> {
    const rows = await readRows(manager, caller.tenantId);
    const { changes, etag } = await this.plan(caller, parsed, rows, manager);
    requireTag(etag, expected);
    if (changes.length === 0) return { applied: false, changes, etag, newKeys: [] };
    await this.requireRights(caller, changes);
    // Beside the entries of the single steps: that they were one act, and which.
    await this.audit.record(manager, caller, { action: 'config.apply', after: { changes } });
    const newKeys = await this.writer.write({ manager, caller, rows, touch }, changes);
    const after = toConfiguration(await readRows(manager, caller.tenantId));
    const shown = await this.reveal(manager, caller, newKeys);
    return { applied: true, changes, etag: etagOfConfiguration(after), newKeys: shown };
  }

  /** A token that was narrowed to the configuration makes and ends no keys. */
  private async requireRights(caller: AdminCaller, changes: readonly Change[]): Promise<void> {
    if (caller.kind !== 'user' || isAllowed(caller, 'keys.write')) return;
    if (changes.every(({ kind }) => kind !== 'key')) return;
    const reason = 'The file changes keys, which needs the permission keys.write';
    await this.audit.recordRefusal(caller, { action: 'config.apply', reason });
    throw new ForbiddenError(reason);
  }

  /** Every showing is on record. The command line shows none: its output ends up in the logs of pipelines. */
  private async reveal(
    manager: EntityManager,
    caller: AdminCaller,
    newKeys: readonly NewKey[],
  ): Promise<readonly NewKey[]> {
    if (newKeys.length === 0 || caller.kind !== 'user' || !isAllowed(caller, 'keys.reveal')) return [];
    const shown = newKeys.map(({ group, name }) => ({ group, name }));
    await this.audit.record(manager, caller, { action: 'key.reveal', after: { shown } });
    return newKeys;
  }

  private async tryOut(
    caller: AdminCaller,
    parsed: ParsedConfiguration,
    { expected }: ApplyOptions,
  ): Promise<Applied> {
    const planned = await this.plan(caller, parsed, await this.read(caller));
    requireTag(planned.etag, expected);
    return { ...planned, applied: false, newKeys: [] };
  }

  private async plan(
    { tenantId }: AdminCaller,
    parsed: ParsedConfiguration,
    rows: TenantRows,
    manager?: EntityManager,
  ): Promise<Planned> {
    const current = toConfiguration(rows);
    const changes = planChanges(current, normalized(parsed.file));
    const problems = await this.checks.findProblems({ tenantId, parsed, current, changes, manager });
    if (problems.length > 0) throw wrongFile(problems);
    return { changes, etag: etagOfConfiguration(current) };
  }

  /** One snapshot. */
  private read({ tenantId }: AdminCaller): Promise<TenantRows> {
    return this.dataSource.transaction('REPEATABLE READ', (manager) => readRows(manager, tenantId));
  }
}

function requireTag(actual: string, expected: readonly string[] | undefined): void {
  if (expected === undefined || expected.some((tag) => isSameTag(tag, actual))) return;
  throw new PreconditionFailedError(
    'The configuration changed since the diff was shown. Look at the diff again and repeat with its ETag',
  );
}
