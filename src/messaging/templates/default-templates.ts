import type { Language, NoticeKind } from '../notices/notice.js';

export type TemplateText = { readonly title: string; readonly body: string };

/** Variables that every kind has. `link` is also put behind the text by channels that have no other place for it. */
export const COMMON_VARIABLES: Readonly<Record<string, string>> = {
  recipient_name: 'Mei Lin',
  tenant_name: 'Example Ltd',
  link: 'https://example.com/conversations/42',
};

const CUSTOMER_VARIABLES = {
  conversation_id: '0199d2a8-5c1e-7b3a-9f00-3f6f1c9a2b11',
  customer_id: '0199d2a8-5c1e-7b3a-9f00-3f6f1c9a2b12',
  customer_name: 'Emma Stone',
  customer_tier: 'vip',
  customer_city: 'Shanghai',
  customer_source: 'website',
  expected_response_minutes: '5',
  level: '1',
};

/** What each kind's templates may name, with a value to preview them with. Who sends a notice gives these. */
export const VARIABLES: Readonly<Record<NoticeKind, Readonly<Record<string, string>>>> = {
  new_customer: CUSTOMER_VARIABLES,
  customer_escalated: CUSTOMER_VARIABLES,
  customer_claimed: { ...CUSTOMER_VARIABLES, consultant_name: 'Li Wei' },
  treatment_plan: { customer_name: 'Emma Stone', revision: '2' },
  admin_alert: {
    title: 'A greeting failed',
    detail: 'The run ended after its last attempt.',
    alert_kind: 'automation_failed',
  },
  password_reset: { token: 'one-time token', minutes: '60' },
  address_check: { token: 'one-time token', hours: '24' },
  test: { channel_name: 'Team mail' },
};

/** Ours, in force until a tenant writes its own. */
export const DEFAULT_TEMPLATES: Readonly<Record<NoticeKind, Readonly<Record<Language, TemplateText>>>> = {
  new_customer: {
    en: {
      title: 'New customer: {{customer_name}}',
      body: 'Hello {{recipient_name}},\n\n{{customer_name}} ({{customer_tier}}) has just registered and expects an answer within {{expected_response_minutes}} minutes.',
    },
    zh: {
      title: '新客户等待服务：{{customer_name}}',
      body: '有新客户注册，请及时响应。\n\n{{recipient_name}}，您好：\n\n{{customer_name}}（{{customer_tier}}）刚刚注册，期待在 {{expected_response_minutes}} 分钟内得到回复。',
    },
  },
  customer_escalated: {
    en: {
      title: 'Still waiting: {{customer_name}}',
      body: 'Hello {{recipient_name}},\n\nnobody has taken over {{customer_name}} ({{customer_tier}}) yet. This is level {{level}}; an answer was expected within {{expected_response_minutes}} minutes.',
    },
    zh: {
      title: '仍在等待：{{customer_name}}',
      body: '{{recipient_name}}，您好：\n\n客户 {{customer_name}}（{{customer_tier}}）尚无人接待。现为第 {{level}} 级，原定 {{expected_response_minutes}} 分钟内回复。',
    },
  },
  customer_claimed: {
    en: {
      title: '{{customer_name}} is given to {{consultant_name}}',
      body: 'Hello {{recipient_name}},\n\n{{consultant_name}} looks after {{customer_name}} ({{customer_tier}}) now. An answer is expected within {{expected_response_minutes}} minutes.',
    },
    zh: {
      title: '{{customer_name}} 已分配给 {{consultant_name}}',
      body: '{{recipient_name}}，您好：\n\n客户 {{customer_name}}（{{customer_tier}}）现由 {{consultant_name}} 接待，请在 {{expected_response_minutes}} 分钟内回复。',
    },
  },
  treatment_plan: {
    en: {
      title: 'A treatment plan for {{customer_name}} waits for you',
      body: 'Hello {{recipient_name}},\n\na treatment plan for {{customer_name}} (revision {{revision}}) has been proposed. Nothing of it counts until you approve it.',
    },
    zh: {
      title: '{{customer_name}} 的治疗方案待您审核',
      body: '{{recipient_name}}，您好：\n\n已为客户 {{customer_name}} 生成治疗方案（第 {{revision}} 版）。在您批准之前，该方案不生效。',
    },
  },
  admin_alert: {
    en: { title: 'Alert: {{title}}', body: '{{detail}}\n\n{{tenant_name}}, {{alert_kind}}' },
    zh: { title: '告警：{{title}}', body: '{{detail}}\n\n{{tenant_name}}，{{alert_kind}}' },
  },
  password_reset: {
    en: {
      title: 'A new password for {{tenant_name}}',
      body: 'Hello {{recipient_name}},\n\nsomebody, probably you, asked for a new password. Set it with this token within {{minutes}} minutes; it works once:\n\n{{token}}\n\nIf it was not you, do nothing: your password stays as it is.',
    },
    zh: {
      title: '{{tenant_name}}：设置新密码',
      body: '{{recipient_name}}，您好：\n\n有人（可能是您本人）申请了新密码。请在 {{minutes}} 分钟内使用以下令牌设置，仅可使用一次：\n\n{{token}}\n\n如果不是您本人操作，请忽略本邮件，您的密码不会改变。',
    },
  },
  address_check: {
    en: {
      title: 'Is this your address? {{tenant_name}}',
      body: 'Hello {{recipient_name}},\n\nsomebody, probably you, registered at {{tenant_name}} with this address. Prove that it is yours with this token within {{hours}} hours:\n\n{{token}}\n\nIf it was not you, do nothing: without it the account does not count.',
    },
    zh: {
      title: '请确认您的邮箱：{{tenant_name}}',
      body: '{{recipient_name}}，您好：\n\n有人（可能是您本人）使用此邮箱在 {{tenant_name}} 注册。请在 {{hours}} 小时内使用以下令牌确认：\n\n{{token}}\n\n如果不是您本人操作，请忽略本邮件，该账号不会生效。',
    },
  },
  test: {
    en: {
      title: 'Test of {{channel_name}}',
      body: 'Hello {{recipient_name}},\n\nthis is a test. The channel works.',
    },
    zh: {
      title: '测试：{{channel_name}}',
      body: '{{recipient_name}}，您好：\n\n这是一条测试消息，渠道工作正常。',
    },
  },
};
