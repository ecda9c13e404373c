import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In, Not } from 'typeorm';
import { InvalidInputError } from '../../platform/errors.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import type { FieldProblem } from '../../platform/rest/validation.js';
import { checkConfig } from '../group-tools/tool-writer.js';
import { ToolGroup } from '../group.entity.js';
import { type OfferedTool, ToolDirectory } from '../../sources/tool-directory.js';
import type { ConfigurationFile } from './configuration-file.js';
import type { FileProblem, ParsedConfiguration } from './parse-configuration.js';
import { type Change, find } from './plan.js';

export type Checked = {
  readonly tenantId: string;
  readonly parsed: ParsedConfiguration;
  readonly current: ConfigurationFile;
  readonly changes: readonly Change[];
  /** Of the transaction that carries the plan out; absent: it is only looked at. */
  readonly manager?: EntityManager;
};

/** What the schema of the file cannot know: which tools there are, what fits them, what is taken. */
@Injectable()
export class ConfigurationChecks {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly allTenants: DataSource,
    private readonly directory: ToolDirectory,
  ) {}

  /** Looks at what the plan changes, so that what is there already never stands in the way. */
  async findProblems(checked: Checked): Promise<FileProblem[]> {
    const { tenantId, changes, manager } = checked;
    const names = changes.filter(setsTool).map(({ name }) => name);
    const offered = await this.directory.findAll(tenantId, [...new Set(names)], manager);
    const ofTools = changes.filter(setsTool).flatMap((change) => findToolProblems(change, checked, offered));
    return [...ofTools, ...findNameProblems(checked), ...(await this.findTakenCodes(checked))];
  }

  /** Says no more than "taken": the code may belong to another tenant. */
  private async findTakenCodes({ tenantId, parsed, changes }: Checked): Promise<FileProblem[]> {
    const made = changes.filter(({ kind, action }) => kind === 'group' && action === 'create');
    if (made.length === 0) return [];
    const taken = await this.allTenants.getRepository(ToolGroup).find({
      where: { serverCode: In(made.map(({ group }) => group)), tenantId: Not(tenantId) },
      select: { id: true, serverCode: true },
    });
    return taken.map(({ serverCode }) =>
      parsed.problemAt(['groups', serverCode], 'is taken; choose another server_code'),
    );
  }
}

type ToolChange = Change & { readonly name: string };

function setsTool(change: Change): change is ToolChange {
  return change.kind === 'tool' && change.action !== 'delete' && change.name !== null;
}

function findToolProblems(
  { action, group, name, fields }: ToolChange,
  { parsed: { file, problemAt } }: Checked,
  offered: ReadonlyMap<string, OfferedTool>,
): FileProblem[] {
  const path = ['groups', group, 'tools', name];
  const definition = offered.get(name)?.definition;
  if (!definition) {
    // One that this build lacks may be switched off, or be described anew, but not be given or configured.
    const isHarmless = action === 'update' && fields.every(({ field }) => field !== 'config');
    const message = 'is not a registered tool; GET /api/v1/admin/tools/registered lists them';
    return isHarmless ? [] : [problemAt(path, message)];
  }
  const tools = find(file.groups, group)?.tools ?? {};
  return configProblems(() => checkConfig(definition, find(tools, name)?.config ?? {})).map(
    ({ field, message }) => problemAt([...path, 'config', ...configPath(field)], message),
  );
}

/** Names are unique in the tenant, also against groups that the file does not list. */
function findNameProblems({ parsed, current, changes }: Checked): FileProblem[] {
  const { file, problemAt } = parsed;
  const gone = new Set(
    changes.flatMap(({ kind, action, group }) => (kind === 'group' && action === 'delete' ? [group] : [])),
  );
  const holders = new Map<string, string>();
  for (const [code, { name }] of Object.entries(current.groups)) {
    if (!gone.has(code) && !find(file.groups, code)) holders.set(name, code);
  }
  return Object.entries(file.groups).flatMap(([code, { name }]) => {
    const holder = holders.get(name);
    if (holder === undefined) holders.set(name, code);
    return holder === undefined
      ? []
      : [problemAt(['groups', code, 'name'], `is the name of group ${holder} already`)];
  });
}

function configProblems(check: () => void): readonly FieldProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return error.details as readonly FieldProblem[];
  }
}

/** `config_data.limit` is `config`, `limit` in the file. */
function configPath(field: string): string[] {
  return field.split('.').slice(1);
}
