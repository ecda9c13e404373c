import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, Not } from 'typeorm';
import { InvalidInputError } from '../../platform/errors.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import type { FieldProblem } from '../../platform/rest/validation.js';
import { checkConfig } from '../group-tools/tool-writer.js';
import { ToolGroup } from '../group.entity.js';
import { ToolDirectory } from '../../sources/tool-directory.js';
import type { ConfigurationFile } from './configuration-file.js';
import type { FileProblem, ParsedConfiguration } from './parse-configuration.js';
import { type Change, find } from './plan.js';

export type Checked = {
  readonly tenantId: string;
  readonly parsed: ParsedConfiguration;
  readonly current: ConfigurationFile;
  readonly changes: readonly Change[];
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
    const ofTools: FileProblem[] = [];
    for (const change of checked.changes) ofTools.push(...(await this.findToolProblems(change, checked)));
    return [...ofTools, ...findNameProblems(checked), ...(await this.findTakenCodes(checked))];
  }

  private async findToolProblems(
    change: Change,
    { tenantId, parsed: { file, problemAt } }: Checked,
  ): Promise<FileProblem[]> {
    const { kind, action, group, name } = change;
    if (kind !== 'tool' || action === 'delete' || name === null) return [];
    const path = ['groups', group, 'tools', name];
    const definition = (await this.directory.find(tenantId, name))?.definition;
    if (!definition) {
      // One that this build lacks may be switched off, or be described anew, but not be given or configured.
      const isHarmless = action === 'update' && change.fields.every(({ field }) => field !== 'config');
      const message = 'is not a registered tool; GET /api/v1/admin/tools/registered lists them';
      return isHarmless ? [] : [problemAt(path, message)];
    }
    const tools = find(file.groups, group)?.tools ?? {};
    return configProblems(() => checkConfig(definition, find(tools, name)?.config ?? {})).map(
      ({ field, message }) => problemAt([...path, 'config', ...configPath(field)], message),
    );
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
