import { getDataSourceToken } from '@nestjs/typeorm';
import { v7 as newId } from 'uuid';
import type { DataSource } from 'typeorm';
import { inTenant } from '../../src/platform/request-scope.js';
import { type Announcement, CustomerArrivals } from '../../src/consultants/customer-arrivals.js';
import type { TestApp } from './test-app.js';

export type TestCustomer = { readonly userId: string; readonly conversationId: string };

/** A customer with a conversation, as the registration leaves them. */
export async function newCustomer(
  t: TestApp,
  tenantId: string,
  more: { readonly tier?: string; readonly tags?: readonly string[] } = {},
): Promise<TestCustomer> {
  const { id: userId } = await t.newUser(tenantId, ['customer']);
  const conversationId = newId();
  await t.dataSource.query('UPDATE users SET tier = $2, display_name = $3 WHERE id = $1', [
    userId,
    more.tier ?? 'standard',
    `Customer ${userId.slice(-4)}`,
  ]);
  await t.dataSource.query(
    `INSERT INTO customer_profiles (user_id, tenant_id, city, tags) VALUES ($1, $2, 'Shanghai', $3)`,
    [userId, tenantId, more.tags ?? []],
  );
  await t.dataSource.query(
    `INSERT INTO conversations (id, tenant_id, user_id, channel, title) VALUES ($1, $2, $3, 'app', 'Welcome')`,
    [conversationId, tenantId, userId],
  );
  return { userId, conversationId };
}

/** As the automation does it. */
export function announce(t: TestApp, tenantId: string, customer: TestCustomer): Promise<Announcement> {
  const dataSource = t.app.get<DataSource>(getDataSourceToken());
  return inTenant(tenantId, () =>
    dataSource.transaction((manager) =>
      t.app.get(CustomerArrivals).announce(manager, { tenantId, ...customer, runId: null }),
    ),
  );
}
