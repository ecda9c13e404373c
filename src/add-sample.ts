import type { DataSource } from 'typeorm';
import { Tenant } from './auth/tenant.entity.js';
import { findNextSampleCustomer, generateSample, type SampleProgress } from './crm/sample-data.js';
import { StartError } from './data-dir.js';

/**
 * Adds sample customers to a tenant and shows on stderr how far it is. Ctrl-C stops between two batches; what was written
 * stays.
 */
export async function addSample(
  dataSource: DataSource,
  tenantName: string,
  amount: { readonly customers: number; readonly messagesPerCustomer?: number },
): Promise<void> {
  const tenant = await findTenant(dataSource, tenantName);
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new StartError('Stopped; the customers written so far stay')));
  const firstCustomer = await findNextSampleCustomer(dataSource, tenant.id);
  const last = await generateSample(dataSource, {
    tenantId: tenant.id,
    firstCustomer,
    ...amount,
    signal: interrupt.signal,
    onProgress: (progress) => process.stderr.write(progressLine(progress)),
  });
  process.stderr.write('\n');
  process.stdout.write(`${amount.customers} customers, ${last.rows} rows added to tenant ${tenantName}\n`);
}

async function findTenant(dataSource: DataSource, name: string): Promise<Tenant> {
  if (await dataSource.showMigrations()) {
    throw new StartError(
      'The database schema is not up to date. Run: npm run migration:run (toolcrib migrate)',
    );
  }
  const tenant = await dataSource.getRepository(Tenant).findOneBy({ name });
  if (!tenant)
    throw new StartError(
      `There is no tenant ${name}. The first start of the service makes the tenant default`,
    );
  return tenant;
}

function progressLine({ customersDone, customers, rows, rowsPerSecond }: SampleProgress): string {
  const percent = Math.floor((100 * customersDone) / customers);
  const line = `${percent} %  ${customersDone} of ${customers} customers, ${rows} rows, ${rowsPerSecond} rows/s`;
  return process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`;
}
