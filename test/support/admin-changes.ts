import { v7 as newId } from 'uuid';
import { AGENT_KEY } from '../../src/agents/agent-caller.js';
import { SecretBox } from '../../src/platform/secrets/secret-box.js';
import { newGroup } from './mcp.js';
import type { TestApp, TestTenant } from './test-app.js';

/** What a call needs: made anew for each, so that no call depends on another one. */
export type World = {
  readonly group: string;
  readonly tool: string;
  readonly key: string;
  readonly tenant: string;
  readonly tenantName: string;
  /** A person of the tenant that acts, who is no owner. */
  readonly user: string;
  /** Of whatever a `prepare` makes. */
  readonly made: string;
};
export type Change = {
  readonly path: (world: World) => string;
  readonly body?: (world: World) => object;
  readonly prepare?: (t: TestApp, world: World) => Promise<unknown>;
};

/** What a change of the operating tenant may need. */
export async function worldOf(t: TestApp, operator: TestTenant): Promise<World> {
  const group = await newGroup(t, operator, { tools: ['echo'] });
  const { adminToken: token } = operator;
  const tools = await t.rest('GET', `/admin/tools?group_id=${group.id}`, { token });
  const { tenantId: tenant, tenantName } = await t.newTenant();
  const keys = await t.rest('GET', `/admin/groups/${group.id}/keys`, { token });
  const user = await t.newUser(operator.tenantId, ['auditor']);
  const ids = { key: keys.items[0].id, tool: tools.items[0].id, user: user.id, made: newId() };
  return { group: group.id, ...ids, tenant, tenantName };
}

const unique = () => `made-${newId()}`;
const groupPath = (rest = '') => ({ path: ({ group }: World) => `/admin/groups/${group}${rest}` });
const keyPath = (rest = '') => ({ path: ({ key }: World) => `/admin/keys/${key}${rest}` });
const toolPath = (rest = '') => ({ path: ({ tool }: World) => `/admin/tools/${tool}${rest}` });
const tenantPath = (rest = '') => ({ path: ({ tenant }: World) => `/admin/tenants/${tenant}${rest}` });
const suspended = (t: TestApp, { tenant }: World) =>
  t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [tenant]);
const withFeature =
  (isShared: boolean) =>
  (t: TestApp, { group }: World) =>
    t.dataSource.query(
      `INSERT INTO features (id, tenant_id, name, enabled)
     SELECT gen_random_uuid(), ${isShared ? 'NULL' : 'tenant_id'}, 'f-' || id, true FROM mcp_tool_groups WHERE id = $1`,
      [group],
    );

const userPath = (rest = '') => ({ path: ({ user }: World) => `/admin/users/${user}${rest}` });
const providerPath = () => ({ path: ({ made }: World) => `/admin/oidc-providers/${made}` });
const prepared = (statement: string) => ({
  prepare: (t: TestApp, { user, made }: World) =>
    t.dataSource.query(`WITH person AS (SELECT id, tenant_id FROM users WHERE id = $1) ${statement}`, [
      user,
      made,
    ]),
});
const withSession = prepared(
  `INSERT INTO sessions (id, tenant_id, user_id, method) SELECT $2, tenant_id, id, 'password' FROM person`,
);
const withToken = prepared(
  `INSERT INTO personal_tokens (id, tenant_id, user_id, name, token_hash, prefix, scopes, expires_at)
   SELECT $2::uuid, tenant_id, id, 'script', sha256($2::uuid::text::bytea), 'tcp_test', '{}', now() + interval '1 day' FROM person`,
);
const withProvider = prepared(
  `INSERT INTO oidc_providers (id, tenant_id, name, issuer, client_id)
   SELECT $2::uuid, tenant_id, $2::uuid::text, 'https://login.example.com/' || $2::uuid::text, 'toolcrib' FROM person`,
);
const withIdentity = prepared(
  `INSERT INTO oidc_identities (id, tenant_id, user_id, issuer, subject) SELECT $2, tenant_id, id, 'https://x.example', 's' FROM person`,
);
const withSecondFactor = prepared(
  `INSERT INTO second_factors (user_id, tenant_id, secret, confirmed_at) SELECT id, tenant_id, decode(replace($2::text, '-', ''), 'hex'), now() FROM person`,
);
/** A tool of a source that waits for approval: `made`. */
const withHeldTool = prepared(
  `INSERT INTO mcp_source_tools (id, tenant_id, source, source_id, own_name, tool_name, definition, digest, state)
   SELECT $2::uuid, tenant_id, 'upstream', $2, 'x', 'x_' || left($2::text, 20), '{"inputSchema":{"type":"object"}}', repeat('a', 64), 'held' FROM person`,
);
const withUpstream = prepared(
  `INSERT INTO upstreams (id, tenant_id, name, transport, url, enabled, state)
   SELECT $2::uuid, tenant_id, $2::text, 'http', 'https://mcp.invalid/mcp', false, 'off' FROM person`,
);
const upstreamPath = (rest = '') => ({
  path: ({ made }: World) => `/admin/upstreams/${made}${rest}`,
  ...withUpstream,
});
/** An agent with two versions whose app cannot be reached: its id is `made`, that of the second version `tool`. */
const withAgent = {
  prepare: async (t: TestApp, { made, user, tool }: World) => {
    const [{ tenant_id: tenantId }] = await t.dataSource.query<[{ tenant_id: string }]>(
      'SELECT tenant_id FROM users WHERE id = $1',
      [user],
    );
    const seal = (id: string) =>
      t.app.get(SecretBox).seal('app-never-asked', AGENT_KEY.contextOf(tenantId, id));
    await t.dataSource.query(
      `INSERT INTO agents (id, tenant_id, name) SELECT $1::uuid, tenant_id, $1::text FROM users WHERE id = $2`,
      [made, user],
    );
    for (const id of [newId(), tool])
      await t.dataSource.query(
        `INSERT INTO agent_versions (id, tenant_id, agent_id, label, base_url, ciphertext, key_prefix)
         SELECT $1, tenant_id, id, $2, 'http://127.0.0.1:1/v1', $3, 'app-neve' FROM agents WHERE id = $4`,
        [id, id, seal(id), made],
      );
  },
};
const withOrder = {
  prepare: async (t: TestApp, world: World) => {
    await withAgent.prepare(t, world);
    await t.dataSource.query(
      `INSERT INTO agent_orders (id, tenant_id, purpose) SELECT id, tenant_id, 'p-' || id FROM agents WHERE id = $1`,
      [world.made],
    );
  },
};
const withConsultant = prepared(
  `UPDATE users SET roles = '{consultant}' WHERE id = $1 AND $2::uuid IS NOT NULL AND EXISTS (SELECT FROM person)`,
);
/** A customer in a conversation, announced, whose claim is `made`; the person is a consultant. */
const withClaim = {
  prepare: async (t: TestApp, world: World) => {
    await withConsultant.prepare(t, world);
    for (const statement of [
      `INSERT INTO conversations (id, tenant_id, user_id, channel, title) SELECT $2, tenant_id, id, 'app', 'x' FROM users WHERE id = $1`,
      `INSERT INTO customer_claims (id, tenant_id, user_id, conversation_id) SELECT $2, tenant_id, id, $2 FROM users WHERE id = $1`,
    ])
      await t.dataSource.query(statement, [world.user, world.made]);
  },
};
const agentPath = (rest = '') => ({
  path: ({ made }: World) => `/admin/agents/${made}${rest}`,
  ...withAgent,
});
const versionPath = (rest = '') => ({
  path: ({ tool }: World) => `/admin/agent-versions/${tool}${rest}`,
  ...withAgent,
});
const orderPath = () => ({ path: ({ made }: World) => `/admin/agent-orders/${made}`, ...withOrder });
/** A name that nobody has: asking the app about itself fails at once. */
const app = () => ({ base_url: 'https://dify.invalid/v1', api_key: `app-${unique()}` });

/** Of a kind that nobody handles, so that it stays as it is. */
const withJob = (state: string) =>
  prepared(
    `INSERT INTO jobs (id, tenant_id, kind, payload, state) SELECT $2, tenant_id, 'x', '{}', '${state}' FROM person`,
  );

const withCustomer = prepared(
  `INSERT INTO users (id, tenant_id, username, email, display_name, roles)
   SELECT $2::uuid, tenant_id, $2::uuid::text, $2::uuid::text || '@example.test', 'Made', '{customer}' FROM person`,
);
const withFailedRun = prepared(
  `INSERT INTO automation_runs (id, tenant_id, user_id, source, state, job_id) SELECT $2, tenant_id, id, 'manual', 'failed', $2
   FROM person`,
);
const withWelcome = prepared(
  `INSERT INTO welcome_templates (id, tenant_id, language, body) SELECT $2, tenant_id, 'fr', 'Bonjour' FROM person
   ON CONFLICT DO NOTHING`,
);
const channelPath = (rest = '') => ({
  path: ({ made }: World) => `/admin/notification-channels/${made}${rest}`,
  ...prepared(
    `INSERT INTO notification_channels (id, tenant_id, name, kind, audience, settings)
     SELECT $2::uuid, tenant_id, $2::uuid::text, 'webhook', 'team', '{"url":"https://hooks.invalid/"}' FROM person`,
  ),
});
const withNoticeTemplate = prepared(
  `INSERT INTO notification_templates (id, tenant_id, kind, language, title, body)
   SELECT $2, tenant_id, 'admin_alert', 'zh', 'x', 'y' FROM person ON CONFLICT DO NOTHING`,
);
const withDelivery = prepared(
  `, notice AS (
     INSERT INTO notices (id, tenant_id, key, kind) SELECT $2::uuid, tenant_id, $2::uuid::text, 'test' FROM person
     RETURNING id, tenant_id)
   INSERT INTO notification_deliveries
     (id, tenant_id, notice_id, notice_key, kind, channel_id, channel_kind, target, state)
   SELECT id, tenant_id, id, 'x', 'test', id, 'webhook', 'x', 'failed' FROM notice`,
);

/**
 * One good call of every route that changes something. A route that is not here fails the test below: whoever adds one shows
 * here that it leaves an audit entry, in the same transaction.
 */
export const CHANGES: Readonly<Record<string, Change>> = {
  'POST /admin/users': {
    path: () => '/admin/users',
    body: ({ made }) => ({ email: `${made}@example.test`, display_name: 'Made', roles: ['auditor'] }),
  },
  'POST /admin/registrations': {
    path: () => '/admin/registrations',
    body: ({ made }) => ({ email: `${made}@example.test`, display_name: 'Made' }),
  },
  'PUT /admin/users/{id}': { ...userPath(), body: () => ({ display_name: unique() }) },
  'DELETE /admin/users/{id}': userPath(),
  'POST /admin/users/{id}/reset-password': userPath('/reset-password'),
  'DELETE /admin/users/{id}/second-factor': { ...userPath('/second-factor'), ...withSecondFactor },
  'DELETE /admin/users/{id}/sessions': { ...userPath('/sessions'), ...withSession },
  'DELETE /admin/users/{id}/sessions/{sessionId}': {
    path: ({ user, made }) => `/admin/users/${user}/sessions/${made}`,
    ...withSession,
  },
  'DELETE /admin/users/{id}/tokens/{tokenId}': {
    path: ({ user, made }) => `/admin/users/${user}/tokens/${made}`,
    ...withToken,
  },
  'PUT /admin/call-logs/retention': {
    path: () => '/admin/call-logs/retention',
    body: () => ({ keep: 'days', days: 30 }),
  },
  'PUT /admin/groups/{id}/call-log-retention': {
    path: ({ group }) => `/admin/groups/${group}/call-log-retention`,
    body: () => ({ keep: 'forever' }),
  },
  'PUT /admin/sign-in-settings': {
    path: () => '/admin/sign-in-settings',
    body: () => ({ registration: 'code' }),
  },
  'POST /admin/sign-in-settings/registration-code': {
    path: () => '/admin/sign-in-settings/registration-code',
  },
  'POST /admin/oidc-providers': {
    path: () => '/admin/oidc-providers',
    body: ({ made }) => ({ name: made, issuer: `https://login.example.com/${made}`, client_id: 'toolcrib' }),
  },
  'PUT /admin/oidc-providers/{id}': { ...providerPath(), ...withProvider, body: () => ({ name: unique() }) },
  'DELETE /admin/oidc-providers/{id}': { ...providerPath(), ...withProvider },
  'POST /admin/users/{id}/identities': {
    ...userPath('/identities'),
    ...withProvider,
    body: ({ made }) => ({ provider_id: made, subject: made }),
  },
  'DELETE /admin/users/{id}/identities/{identityId}': {
    path: ({ user, made }) => `/admin/users/${user}/identities/${made}`,
    ...withIdentity,
  },
  'POST /admin/groups': { path: () => '/admin/groups', body: () => ({ name: unique() }) },
  'PUT /admin/groups/{id}': { ...groupPath(), body: () => ({ description: unique() }) },
  'DELETE /admin/groups/{id}': groupPath(),
  'POST /admin/groups/{id}/refresh': groupPath('/refresh'),
  'POST /admin/groups/{id}/copy': { ...groupPath('/copy'), body: () => ({ name: unique() }) },
  'POST /admin/groups/{id}/regenerate-key': groupPath('/regenerate-key'),
  'POST /admin/groups/{id}/tools': { ...groupPath('/tools'), body: () => ({ tool_name: 'wait' }) },
  'POST /admin/tools/bulk': {
    path: () => '/admin/tools/bulk',
    body: ({ group, tool }) => ({
      change: [{ id: tool, enabled: false }],
      add: [{ group_id: group, tool_name: 'wait' }],
    }),
  },
  'PUT /admin/tools/{id}': { ...toolPath(), body: () => ({ description: unique() }) },
  'DELETE /admin/tools/{id}': toolPath(),
  'POST /admin/tools/{id}/circuit/reset': { path: ({ tool }: World) => `/admin/tools/${tool}/circuit/reset` },
  'POST /admin/tools/{id}/test': { ...toolPath('/test'), body: () => ({ arguments: { text: 'a' } }) },
  'POST /admin/groups/{id}/keys': { ...groupPath('/keys'), body: () => ({ name: unique() }) },
  'PUT /admin/keys/{id}': { ...keyPath(), body: () => ({ name: unique() }) },
  'POST /admin/keys/{id}/reveal': keyPath('/reveal'),
  'POST /admin/keys/{id}/rotate': { ...keyPath('/rotate'), body: () => ({ overlap_seconds: 60 }) },
  'DELETE /admin/keys/{id}': keyPath(),
  'POST /admin/config/apply': {
    path: () => '/admin/config/apply',
    body: () => ({ version: 1, groups: { [unique().slice(0, 30).replace(/-$/, '0')]: { name: unique() } } }),
  },
  'POST /admin/upstreams': {
    path: () => '/admin/upstreams',
    body: () => ({ name: unique(), transport: 'http', url: 'https://mcp.invalid/mcp', enabled: false }),
  },
  'POST /admin/upstreams/import': {
    path: () => '/admin/upstreams/import',
    body: () => ({
      config: { mcpServers: { [unique()]: { url: 'https://mcp.invalid/mcp', disabled: true } } },
    }),
  },
  'PUT /admin/upstreams/{id}': { ...upstreamPath(), body: () => ({ description: unique() }) },
  'DELETE /admin/upstreams/{id}': upstreamPath(),
  'POST /admin/upstreams/{id}/reload': upstreamPath('/reload'),
  'POST /admin/upstreams/{id}/test': upstreamPath('/test'),
  'POST /admin/upstreams/{id}/approvals': {
    path: ({ made }) => `/admin/upstreams/${made}/approvals`,
    prepare: async (t, world) => {
      await withUpstream.prepare(t, world);
      await withHeldTool.prepare(t, world);
    },
    body: ({ made }) => ({ tools: [{ id: made, digest: 'a'.repeat(64) }] }),
  },
  'POST /admin/source-tools/{id}/approve': {
    path: ({ made }) => `/admin/source-tools/${made}/approve`,
    ...withHeldTool,
    body: () => ({ digest: 'a'.repeat(64) }),
  },
  'POST /admin/source-tools/{id}/reject': {
    path: ({ made }) => `/admin/source-tools/${made}/reject`,
    ...withHeldTool,
    body: () => ({ digest: 'a'.repeat(64) }),
  },
  'POST /admin/agents': { path: () => '/admin/agents', body: () => ({ name: unique(), ...app() }) },
  'PUT /admin/agents/{id}': { ...agentPath(), body: () => ({ description: unique() }) },
  'DELETE /admin/agents/{id}': agentPath(),
  'POST /admin/agents/{id}/test': { ...agentPath('/test'), body: () => ({ query: 'Hello' }) },
  'POST /admin/agents/{id}/versions': {
    ...agentPath('/versions'),
    body: () => ({ label: unique(), ...app() }),
  },
  'PUT /admin/agent-versions/{id}': { ...versionPath(), body: () => ({ weight: 3 }) },
  'DELETE /admin/agent-versions/{id}': versionPath(),
  'POST /admin/agent-versions/{id}/check': versionPath('/check'),
  'POST /admin/agent-versions/{id}/reveal': versionPath('/reveal'),
  'POST /admin/agent-versions/{id}/circuit/reset': versionPath('/circuit/reset'),
  'POST /admin/agent-orders': {
    path: () => '/admin/agent-orders',
    body: ({ made }) => ({ purpose: `p-${made}`, agent_ids: [made] }),
    ...withAgent,
  },
  'PUT /admin/agent-orders/{id}': { ...orderPath(), body: ({ made }) => ({ agent_ids: [made] }) },
  'DELETE /admin/agent-orders/{id}': orderPath(),
  'POST /admin/automation/runs': {
    path: () => '/admin/automation/runs',
    body: ({ made }) => ({ user_id: made }),
    ...withCustomer,
  },
  'POST /admin/automation/runs/{id}/retry': {
    path: ({ made }) => `/admin/automation/runs/${made}/retry`,
    ...withFailedRun,
  },
  'PUT /admin/automation/settings': {
    path: () => '/admin/automation/settings',
    body: () => ({ strategy: 'template', conversation_title: unique() }),
  },
  'PUT /admin/automation/templates/{language}': {
    path: () => '/admin/automation/templates/de',
    body: () => ({ body: unique() }),
  },
  'DELETE /admin/automation/templates/{language}': {
    path: () => '/admin/automation/templates/fr',
    ...withWelcome,
  },
  'POST /admin/notification-channels': {
    path: () => '/admin/notification-channels',
    body: ({ made }) => ({ name: made, kind: 'webhook', webhook: { url: 'https://hooks.invalid/' } }),
  },
  'PUT /admin/notification-channels/{id}': { ...channelPath(), body: () => ({ enabled: false }) },
  'DELETE /admin/notification-channels/{id}': channelPath(),
  'POST /admin/notification-channels/{id}/test': channelPath('/test'),
  'POST /admin/notification-channels/{id}/rotate-secret': {
    ...channelPath('/rotate-secret'),
    body: () => ({}),
  },
  'PUT /admin/notification-templates/{kind}/{language}': {
    path: () => '/admin/notification-templates/admin_alert/en',
    body: () => ({ title: unique(), body: '{{detail}}' }),
  },
  'DELETE /admin/notification-templates/{kind}/{language}': {
    path: () => '/admin/notification-templates/admin_alert/zh',
    ...withNoticeTemplate,
  },
  'POST /admin/notification-deliveries/{id}/retry': {
    path: ({ made }) => `/admin/notification-deliveries/${made}/retry`,
    ...withDelivery,
  },
  'PUT /admin/consultants/{id}': {
    path: ({ user }) => `/admin/consultants/${user}`,
    ...withConsultant,
    body: () => ({ skills: ['vip'], level: 2 }),
  },
  'PUT /admin/consultant-settings': {
    path: () => '/admin/consultant-settings',
    body: () => ({ allocation: 'round_robin' }),
  },
  'POST /admin/customer-claims/{id}/reassign': {
    path: ({ made }) => `/admin/customer-claims/${made}/reassign`,
    ...withClaim,
    body: ({ user }) => ({ user_id: user }),
  },
  'POST /admin/tenants': {
    path: () => '/admin/tenants',
    body: () => ({ name: unique(), owner_email: 'owner@example.test' }),
  },
  'PUT /admin/tenants/{id}': { ...tenantPath(), body: () => ({ name: unique() }) },
  'POST /admin/tenants/{id}/suspend': tenantPath('/suspend'),
  'POST /admin/tenants/{id}/resume': { ...tenantPath('/resume'), prepare: suspended },
  'DELETE /admin/tenants/{id}': {
    path: ({ tenant, tenantName }) => `/admin/tenants/${tenant}?confirm=${encodeURIComponent(tenantName)}`,
    prepare: suspended,
  },
  'PUT /admin/features/{name}': {
    path: ({ group }) => `/admin/features/f-${group}`,
    body: () => ({ enabled: true }),
  },
  'DELETE /admin/features/{name}': {
    path: ({ group }) => `/admin/features/f-${group}`,
    prepare: withFeature(false),
  },
  'PUT /admin/installation/features/{name}': {
    path: ({ group }) => `/admin/installation/features/f-${group}`,
    body: () => ({ enabled: true }),
  },
  'DELETE /admin/installation/features/{name}': {
    path: ({ group }) => `/admin/installation/features/f-${group}`,
    prepare: withFeature(true),
  },
  'POST /admin/jobs/purge': {
    path: () => '/admin/jobs/purge',
    ...withJob('dead'),
    body: () => ({ kind: 'x' }),
  },
  'POST /admin/jobs/{id}/retry': { path: ({ made }) => `/admin/jobs/${made}/retry`, ...withJob('dead') },
  'POST /admin/jobs/{id}/cancel': { path: ({ made }) => `/admin/jobs/${made}/cancel`, ...withJob('queued') },
  'PUT /admin/job-settings/{kind}': {
    path: () => '/admin/job-settings/jobs.cleanup',
    body: () => ({ retry_seconds: [1, 2], timeout_seconds: 5 }),
  },
  'DELETE /admin/job-settings/{kind}': {
    path: () => '/admin/job-settings/jobs.cleanup',
    ...prepared(
      `INSERT INTO job_settings (id, tenant_id, kind, retry_seconds) SELECT $2, tenant_id, 'jobs.cleanup', '{7}' FROM person
       ON CONFLICT DO NOTHING`,
    ),
  },
  'POST /admin/call-log-checkpoints': { path: () => '/admin/call-log-checkpoints' },
  'POST /admin/call-logs/erase': {
    path: () => '/admin/call-logs/erase',
    body: ({ user }) => ({ user_id: user, reason: 'asked for' }),
  },
  'POST /admin/clock/accept': { path: () => '/admin/clock/accept' },
  'POST /admin/alerts/{id}/acknowledge': {
    path: ({ group }) => `/admin/alerts/${group}/acknowledge`,
    prepare: (t, { group }) =>
      t.dataSource.query(
        `INSERT INTO alerts (id, tenant_id, kind, key_id, group_id, ip, hour)
         SELECT id, tenant_id, 'decoy', id, id, '127.0.0.1', now() FROM mcp_tool_groups WHERE id = $1`,
        [group],
      ),
  },
};

/** They carry a body, so they are POSTs; they change nothing. */
export const READS = [
  'POST /admin/groups/{id}/explain',
  'POST /admin/config/diff',
  'POST /admin/automation/templates/preview',
  'POST /admin/notification-templates/{kind}/{language}/preview',
];
