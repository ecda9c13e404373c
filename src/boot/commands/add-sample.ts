import { getTenantNamed } from './tenant-of-command.js';
import type { Databases } from './command-databases.js';
import { AuditTrail, systemActor } from '../../access/audit/audit-trail.js';
import {
  findNextSampleCustomer,
  generateSample,
  type SampleProgress,
  vacuumSample,
} from '../../crm/sample/sample-data.js';
import { inTenant } from '../../platform/request-scope.js';
import { StartError } from '../../platform/errors.js';

/**
 * Adds sample customers to a tenant and shows on stderr how far it is. Ctrl-C stops between two batches; what was written
 * stays.
 */
export async function addSample(
  { dataSource, system, owner }: Databases,
  tenantName: string,
  amount: { readonly customers: number; readonly messagesPerCustomer?: number },
): Promise<void> {
  const tenant = await getTenantNamed(system, tenantName);
  // Before the work: what an interrupted one has written stays, too.
  await inTenant(tenant.id, () =>
    new AuditTrail(dataSource).record(dataSource.manager, systemActor(tenant.id, 'sample'), {
      action: 'sample.add',
      target: { kind: 'tenant', id: tenant.id, name: tenant.name },
      after: amount,
    }),
  );
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new StartError('Stopped; the customers written so far stay')));
  try {
    const last = await generateSample(dataSource, {
      tenantId: tenant.id,
      firstCustomer: await findNextSampleCustomer(dataSource, tenant.id),
      ...amount,
      signal: interrupt.signal,
      onProgress: (progress) => process.stderr.write(progressLine(progress)),
    });
    process.stderr.write('\n');
    process.stdout.write(`${amount.customers} customers, ${last.rows} rows added to tenant ${tenantName}\n`);
  } finally {
    await vacuumSample(owner); // what an interrupted one has written stays
  }
}

function progressLine({ customersDone, customers, rows, rowsPerSecond }: SampleProgress): string {
  const percent = Math.floor((100 * customersDone) / customers);
  const line = `${percent} %  ${customersDone} of ${customers} customers, ${rows} rows, ${rowsPerSecond} rows/s`;
  return process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`;
}
