/** As the REST API takes them, without the secrets: see `channel-settings.dto.ts` for the limits. */
export type WebhookSettings = { readonly url: string };

/** `none` sends in the clear and signs in nowhere. */
export const SMTP_SECURITY = ['tls', 'starttls', 'none'] as const;

export type EmailSettings = {
  readonly host: string;
  readonly port: number;
  readonly security: (typeof SMTP_SECURITY)[number];
  readonly user?: string;
  readonly from_address: string;
  readonly from_name?: string;
  /** Where the team's go. */
  readonly to?: readonly string[];
  /** Certificate authority to trust beside the public ones, PEM. */
  readonly ca?: string;
};

/** `contact` is an e-mail address for the operators of push services (RFC 8292 section 2.1). */
export type WebPushSettings = { readonly contact: string };

export type FormSettings = {
  /** `{token}` stands for the token. */
  readonly url: string;
  /** Name of each field and its text, in which `{{title}}`, `{{body}}`, `{{link}}` and `{{id}}` stand for the message's. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Field of a JSON answer that tells success, and its value then: some services answer 200 to everything. */
  readonly success_field?: string;
  readonly success_value?: string;
};

export type ChannelSettings = {
  readonly webhook: WebhookSettings;
  readonly email: EmailSettings;
  readonly web_push: WebPushSettings;
  readonly form: FormSettings;
};
