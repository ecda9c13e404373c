import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import type { Caller } from '../access/caller.js';
import { CustomerPreferences } from './customer-preferences.entity.js';
import { DirectoryService } from './directory.service.js';
import type { PreferenceKey, PreferenceValues } from './preference-keys.js';

export type PreferencesOnFile = { readonly values: PreferenceValues; readonly updatedAt: Date | null };

// One statement, so that two agents changing different keys at once lose nothing.
const MERGE = `INSERT INTO customer_preferences (user_id, tenant_id, "values", updated_at)
  VALUES ($2, $1, $3::jsonb - $4::text[], now())
  ON CONFLICT (user_id) DO UPDATE SET "values" = (customer_preferences."values" || $3::jsonb) - $4::text[], updated_at = now()
  RETURNING "values", updated_at AS "updatedAt"`;

/** What customers asked for. Which keys exist and what they may hold is in `preference-keys.ts`. */
@Injectable()
export class PreferencesService {
  constructor(
    private readonly directory: DirectoryService,
    @InjectRepository(CustomerPreferences) private readonly preferences: Repository<CustomerPreferences>,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  async getPreferences(caller: Caller, userId: string): Promise<PreferencesOnFile> {
    await this.directory.getCustomer(caller, { id: userId });
    const row = await this.preferences.findOneBy({ tenantId: caller.tenantId, userId });
    return { values: row?.values ?? {}, updatedAt: row?.updatedAt ?? null };
  }

  /** Sets `changes`, then removes `clear`; every other key stays as it is. */
  async updatePreferences(
    caller: Caller,
    userId: string,
    { changes, clear }: { readonly changes: PreferenceValues; readonly clear: readonly PreferenceKey[] },
  ): Promise<PreferencesOnFile> {
    await this.directory.getCustomer(caller, { id: userId });
    const [row] = await this.dataSource.query<[PreferencesOnFile]>(MERGE, [
      caller.tenantId,
      userId,
      JSON.stringify(changes),
      clear,
    ]);
    return row;
  }
}
