import { NO_WISHES } from '../../src/consultants/plans/plan-case.js';
import { newId } from '../../src/platform/new-id.js';
import { CHANGES, type Change, type World } from './admin-changes.js';

/** PUTs beside those of administrators. */
const OF_PEOPLE: Readonly<Record<string, Change>> = {
  '/consultants/me': { path: () => '/consultants/me' },
  '/notifications/preferences': { path: () => '/notifications/preferences' },
  '/treatment-plans/{id}': {
    path: ({ made }) => `/treatment-plans/${made}`,
    prepare: async (t, { made, user }) => {
      await t.dataSource.query(
        `INSERT INTO projects (id, tenant_id, code, name, category, price_min_cents, price_max_cents, duration_minutes, usual_sessions)
         SELECT $1, tenant_id, $1::uuid::text, 'Facial', 'skin', 100, 200, 30, 9 FROM users WHERE id = $2`,
        [made, user],
      );
      await t.dataSource.query(
        `INSERT INTO treatment_plans (id, tenant_id, user_id) SELECT $1, tenant_id, id FROM users WHERE id = $2`,
        [made, user],
      );
      await t.dataSource.query(
        `INSERT INTO treatment_plan_revisions (id, tenant_id, user_id, plan_id, number, made_by, wishes, content)
         SELECT $1, tenant_id, id, $1, 1, 'rules', $3, $4 FROM users WHERE id = $2`,
        [
          made,
          user,
          JSON.stringify(NO_WISHES),
          JSON.stringify({
            lines: [],
            total: { min_cents: 0, max_cents: 0, currency: 'CNY' },
            derivation: [],
          }),
        ],
      );
    },
  },
  '/notifications/channels/{id}': {
    path: ({ made }) => `/notifications/channels/${made}`,
    prepare: (t, { made, user }) =>
      t.dataSource.query(
        `INSERT INTO notification_channels (id, tenant_id, name, kind, audience, settings)
         SELECT $1::uuid, tenant_id, $1::uuid::text, 'form', 'each', '{"url":"https://hooks.invalid/{token}","fields":{}}'
         FROM users WHERE id = $2`,
        [made, user],
      ),
  },
};

export function isOfPerson(path: string): boolean {
  return OF_PEOPLE[path] !== undefined;
}

export function putChange(path: string): Change {
  return OF_PEOPLE[path] ?? CHANGES[`PUT ${path}`];
}

const named = ({ made }: World) => `whole ${made}`;
const feature = () => ({ enabled: true, percentage: 10, roles: ['owner'], description: 'x' });
const retention = () => ({ keep: 'days', days: 90 });
const ownProfile = () => ({ skills: ['laser'], max_open_customers: 3, available: false });
const limits = { per_minute: 7 };

/** Fields that go with another kind of the thing than the one that is made here. */
export const OF_OTHER_KINDS: Readonly<Record<string, readonly string[]>> = {
  '/admin/notification-channels/{id}': ['email', 'web_push', 'form'],
  '/admin/upstreams/{id}': ['command'],
};

/** A body of each PUT that says all that can be said, none of it as it is by default. */
export const WHOLE_BODIES: Readonly<Record<string, (world: World) => Readonly<Record<string, unknown>>>> = {
  '/treatment-plans/{id}': ({ made }) => ({
    lines: [{ service_id: made, sessions: 2, first_on: '2099-01-01', interval_days: 7 }],
    note: 'x',
  }),
  '/admin/features/{name}': feature,
  '/admin/installation/features/{name}': feature,
  '/admin/agent-orders/{id}': ({ made }) => ({ agent_ids: [made] }),
  '/admin/agent-versions/{id}': (world) => ({
    label: named(world),
    base_url: 'https://dify.invalid/v1',
    api_key: 'app-another-one',
    app_id: 'an-app',
    weight: 3,
    enabled: false,
  }),
  '/admin/upstreams/{id}': (world) => ({
    name: named(world).slice(0, 60),
    description: 'x',
    transport: 'sse',
    url: 'https://mcp.invalid/sse',
    args: ['x'],
    env: { A: 'x' },
    cwd: '/tmp',
    headers: { 'X-Mode': 'x' },
    secrets: { TOKEN: 'x' },
    policy: 'take',
    enabled: false,
  }),
  '/admin/agents/{id}': (world) => ({
    name: named(world),
    description: 'x',
    enabled: false,
    reasoning: 'kept',
  }),
  '/admin/oidc-providers/{id}': (world) => ({
    name: named(world),
    issuer: `https://login.example.com/${world.made}/2`,
    client_id: 'another',
    client_secret: 'a secret of theirs',
    scopes: ['openid', 'email'],
    email_claim: 'mail',
    name_claim: 'cn',
    roles_claim: 'groups',
    role_map: { admins: 'admin' },
    tier_claim: 'tier',
    tier_map: { gold: 'vip' },
    default_roles: ['auditor'],
    email_domains: ['acme.example'],
    create_users: true,
    enabled: false,
  }),
  '/admin/tenants/{id}': (world) => ({ name: named(world) }),
  '/admin/sign-in-settings': () => ({
    registration: 'code',
    require_second_factor: false,
    verify_addresses: false,
  }),
  '/admin/users/{id}': ({ made }) => ({
    email: `${made}@example.test`,
    username: `whole-${made.slice(0, 13)}`,
    display_name: 'Whole',
    phone: '+8613800138000',
    roles: ['operator'],
    tier: 'vip',
    enabled: false,
  }),
  '/admin/automation/settings': ({ group }) => ({
    strategy: 'template',
    default_language: 'zh-CN',
    conversation_channel: 'wechat',
    conversation_title: 'x',
    conversation_ai_enabled: false,
    required_tools: ['echo'],
    group_id: group,
    alert_after_minutes: 7,
    catch_up_hours: 8,
  }),
  '/admin/automation/templates/{language}': () => ({ body: 'Hallo {{display_name}}' }),
  '/admin/call-logs/retention': retention,
  '/admin/groups/{id}/call-log-retention': retention,
  '/admin/consultants/{id}': () => ({ ...ownProfile(), level: 4 }),
  '/consultants/me': ownProfile,
  '/admin/consultant-settings': () => ({
    allocation: 'by_skill',
    offer_seconds: 7,
    expected_response_seconds: 8,
    conversation_link: 'https://crm.example.com/{conversation_id}',
    levels: [{ after_seconds: 9, roles: ['admin'] }],
    alert_after_seconds: 10,
    tell_consultants: false,
    language: 'zh',
  }),
  '/admin/groups/{id}': (world) => ({
    name: named(world),
    description: 'x',
    user_tier_access: ['vip'],
    allowed_roles: ['consultant'],
    enabled: false,
    sessions: true,
    policy: { limits },
  }),
  '/admin/tools/{id}': ({ group }) => ({
    group_id: group,
    description: 'x',
    enabled: false,
    timeout_seconds: 7,
    config_data: {},
    allowed_roles: ['consultant'],
    user_tier_access: ['vip'],
    policy: { limits },
  }),
  '/admin/keys/{id}': (world) => ({
    name: named(world),
    owner: 'team',
    app_id: 'an-app',
    expires_at: '2099-01-01T00:00:00.000Z',
    allowed_networks: ['10.0.0.0/8'],
    tools: ['echo'],
    limits,
  }),
  '/admin/job-settings/{kind}': () => ({ retry_seconds: [7], timeout_seconds: 8 }),
  '/admin/notification-channels/{id}': (world) => ({
    name: named(world),
    audience: 'each',
    language: 'zh',
    enabled: false,
    notice_kinds: ['admin_alert'],
    webhook: { url: 'https://other.invalid/' },
  }),
  '/admin/notification-templates/{kind}/{language}': () => ({ title: 'Whole', body: 'Whole {{detail}}' }),
  '/notifications/preferences': () => ({
    language: 'zh',
    time_zone: 'Asia/Shanghai',
    quiet_hours: { from: '22:00', to: '07:00', days: [1] },
  }),
  '/notifications/channels/{id}': () => ({ enabled: false, token: 'a token of mine' }),
};

/** Stands for a world where only the names of fields count. */
export const NO_WORLD: World = {
  group: newId(),
  tool: newId(),
  key: newId(),
  tenant: newId(),
  tenantName: '',
  user: newId(),
  made: newId(),
};
