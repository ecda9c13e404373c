import { Notifications } from '../../src/messaging/notices/notifications.js';
import type { Notice } from '../../src/messaging/notices/notice.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { DataSource } from 'typeorm';
import type { Fields, TestApp, TestTenant } from './test-app.js';
import { eventually } from './waiting.js';

/** The receivers of the tests lie on this machine. */
export const NOTIFICATION_ENV = { NOTIFICATION_PRIVATE_NETWORKS: 'true', NOTIFICATION_TIMEOUT_MS: '1500' };

let made = 0;

export type Delivery = Fields & {
  readonly state: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly recipient_id: string | null;
  readonly channel_id: string | null;
};

/** A channel made over REST: what the answer shows. */
export async function newChannel(
  t: TestApp,
  { adminToken: token }: TestTenant,
  body: object,
): Promise<Fields> {
  const answer = await t.rest('POST', '/admin/notification-channels', {
    token,
    body: { name: `Channel ${(made += 1)}`, ...body },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.data;
}

/** A notice, sent as a feature would: in a transaction of the tenant's. */
export function sendNotice(
  t: TestApp,
  { tenantId }: TestTenant,
  notice: Partial<Notice> & { recipients: readonly string[] },
): Promise<{ readonly deliveries: number }> {
  const whole: Notice = {
    tenantId,
    kind: 'new_customer',
    variables: { customer_name: 'Emma' },
    key: `key-${(made += 1)}`,
    ...notice,
  };
  return inTenant(tenantId, () =>
    t.app
      .get(DataSource)
      .transaction((manager) => t.app.get(Notifications, { strict: false }).send(manager, whole)),
  );
}

export async function deliveriesOf(
  t: TestApp,
  { adminToken: token }: TestTenant,
  query = '',
): Promise<Delivery[]> {
  const answer = await t.rest('GET', `/admin/notification-deliveries?limit=200${query}`, { token });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.items as Delivery[];
}

/** Waits until no delivery of the tenant waits any more. @returns All of them, newest first. */
export async function settled(t: TestApp, tenant: TestTenant): Promise<Delivery[]> {
  await eventually(async () => (await deliveriesOf(t, tenant, '&state=waiting')).length === 0);
  return deliveriesOf(t, tenant);
}

/** Retries come after a second, so that tests do not wait. */
export async function retryQuickly(
  t: TestApp,
  { adminToken: token }: TestTenant,
  retrySeconds = [1, 1, 1],
): Promise<void> {
  const body = { retry_seconds: retrySeconds };
  const answer = await t.rest('PUT', '/admin/job-settings/notifications.deliver', { token, body });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}
