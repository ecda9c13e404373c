import { Injectable } from '@nestjs/common';
import type { AdminCaller } from '../../access/caller.js';
import { AppError } from '../../platform/errors.js';
import { invalidFields } from '../../platform/rest/validation.js';
import type { FieldProblem } from '../../platform/rest/validation.js';
import { type FileEntry, readClientFile } from './client-file.js';
import { prefixOf } from './upstream-prefix.js';
import type { ImportUpstreamsDto } from './upstreams.dto.js';
import { UPSTREAM_NAME } from './upstreams.dto.js';
import { UpstreamsService } from './upstreams.service.js';

const SERVERS_MAX = 100;

/** What became of one server of the file. */
export type ImportedUpstream = {
  readonly name: string;
  readonly id: string | null;
  /** Why it was not added; null: it was. */
  readonly message: string | null;
};

/** Adds upstreams from the file that other programs keep them in, each by itself: one that is wrong stops no other. */
@Injectable()
export class UpstreamImporter {
  constructor(private readonly upstreams: UpstreamsService) {}

  /** @throws {InvalidInputError} The file has no servers. */
  async import(
    caller: AdminCaller,
    { config, secrets = {}, policy }: ImportUpstreamsDto,
  ): Promise<ImportedUpstream[]> {
    const entries = readClientFile(config);
    if (!entries)
      throw invalidFields([{ field: 'config', message: 'must have mcpServers or servers, an object' }]);
    if (entries.length > SERVERS_MAX)
      throw invalidFields([{ field: 'config', message: `must have at most ${SERVERS_MAX} servers` }]);
    const imported: ImportedUpstream[] = [];
    for (const entry of entries) imported.push(await this.add(caller, entry, { secrets, policy }));
    return imported;
  }

  private async add(
    caller: AdminCaller,
    entry: FileEntry,
    { secrets = {}, policy }: Omit<ImportUpstreamsDto, 'config'>,
  ): Promise<ImportedUpstream> {
    const { name } = entry;
    if (!UPSTREAM_NAME.test(name))
      return { name, id: null, message: 'Its name cannot be used; rename it in the file' };
    const said = JSON.stringify(entry);
    const used = Object.entries(secrets).filter(([secret]) => said.includes(`\${${secret}`));
    const input = { ...entry, prefix: prefixOf(name), secrets: Object.fromEntries(used), policy };
    try {
      const { id } = await this.upstreams.create(caller, input);
      return { name, id, message: null };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { name, id: null, message: told(error) };
    }
  }
}

function told({ message, details }: AppError): string {
  if (!Array.isArray(details)) return message;
  const fields = (details as readonly FieldProblem[]).map(({ field, message: what }) => `${field} ${what}`);
  return `${message} (${fields.join('; ')})`;
}
