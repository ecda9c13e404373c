import type { Language, NoticeKind } from './notice.js';

export type TemplateText = { readonly title: string; readonly body: string };

/** Variables that every kind has. `link` is also put behind the text by channels that have no other place for it. */
export const COMMON_VARIABLES: Readonly<Record<string, string>> = {
  recipient_name: 'Mei Lin',
  tenant_name: 'Example Ltd',
  link: 'https://example.com/conversations/42',
};

/** What each kind's templates may name, with a value to preview them with. Who sends a notice gives these. */
export const VARIABLES: Readonly<Record<NoticeKind, Readonly<Record<string, string>>>> = {
  new_customer: {
    customer_name: 'Emma Stone',
    customer_tier: 'vip',
    registered_at: '2026-01-31 08:00 UTC',
    expected_minutes: '5',
  },
  customer_escalated: {
    customer_name: 'Emma Stone',
    customer_tier: 'vip',
    level: '2',
    waited_minutes: '10',
  },
  customer_claimed: { customer_name: 'Emma Stone', claimed_by: 'Li Wei' },
  admin_alert: {
    title: 'A greeting failed',
    detail: 'The run ended after its last attempt.',
    alert_kind: 'automation_failed',
  },
  test: { channel_name: 'Team mail' },
};

/** Ours, in force until a tenant writes its own. */
export const DEFAULT_TEMPLATES: Readonly<Record<NoticeKind, Readonly<Record<Language, TemplateText>>>> = {
  new_customer: {
    en: {
      title: 'New customer: {{customer_name}}',
      body: 'Hello {{recipient_name}},\n\n{{customer_name}} ({{customer_tier}}) has just registered and expects an answer within {{expected_minutes}} minutes.',
    },
    zh: {
      title: '新客户：{{customer_name}}',
      body: '{{recipient_name}}，您好：\n\n{{customer_name}}（{{customer_tier}}）刚刚注册，期待在 {{expected_minutes}} 分钟内得到回复。',
    },
  },
  customer_escalated: {
    en: {
      title: 'Still waiting: {{customer_name}}',
      body: 'Hello {{recipient_name}},\n\n{{customer_name}} has been waiting for {{waited_minutes}} minutes and nobody has taken over. This is level {{level}}.',
    },
    zh: {
      title: '仍在等待：{{customer_name}}',
      body: '{{recipient_name}}，您好：\n\n{{customer_name}} 已等待 {{waited_minutes}} 分钟，尚无人接待。现为第 {{level}} 级。',
    },
  },
  customer_claimed: {
    en: {
      title: '{{claimed_by}} has taken over {{customer_name}}',
      body: 'Hello {{recipient_name}},\n\n{{customer_name}} is being looked after by {{claimed_by}}; nothing is left for you to do.',
    },
    zh: {
      title: '{{claimed_by}} 已接待 {{customer_name}}',
      body: '{{recipient_name}}，您好：\n\n{{customer_name}} 已由 {{claimed_by}} 接待，您无需处理。',
    },
  },
  admin_alert: {
    en: { title: 'Alert: {{title}}', body: '{{detail}}\n\n{{tenant_name}}, {{alert_kind}}' },
    zh: { title: '告警：{{title}}', body: '{{detail}}\n\n{{tenant_name}}，{{alert_kind}}' },
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
