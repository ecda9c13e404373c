/** What people are told of. Each has templates per language; see `default-templates.ts` for the variables of each. */
export const NOTICE_KINDS = [
  'new_customer',
  'customer_escalated',
  'customer_claimed',
  'treatment_plan',
  'admin_alert',
  'password_reset',
  'address_check',
  'test',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Something to tell people. */
export type Notice = {
  readonly tenantId: string;
  readonly kind: NoticeKind;
  /** Ids of users of the tenant; one that is not there or disabled is passed over. */
  readonly recipients: readonly string[];
  /** For the template: plain text each. One that the template names and that is not here is empty. */
  readonly variables: Readonly<Record<string, string>>;
  /** A user of the tenant whom it tells of: when they go, it goes, with what became of it. */
  readonly aboutUserId?: string;
  /** Where a click leads: an absolute http or https URL. */
  readonly link?: string;
  /** The same key, recipient and channel is delivered once: 1 to 200 characters. */
  readonly key: string;
  /** Goes out during quiet hours, too. @default false */
  readonly isUrgent?: boolean;
};

export const CHANNEL_KINDS = ['webhook', 'email', 'web_push', 'form'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** Of the texts that we write; a tenant may have others. */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `each`: one delivery for each recipient, to an address of theirs. `team`: one for all, to an address of the channel. */
export const AUDIENCES = ['each', 'team'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** `waiting` also between attempts; `suppressed`: nobody was told, on purpose, and `reason` says why. */
export const DELIVERY_STATES = ['waiting', 'sent', 'failed', 'suppressed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];
