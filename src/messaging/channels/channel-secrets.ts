import type { SecretBox } from '../../platform/secrets/secret-box.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import type { NotificationChannel } from './notification-channel.entity.js';

/** All secrets of one channel; each kind has its own. */
export type ChannelSecrets = {
  /** Of a webhook: `whsec_` and 32 bytes in base64 (Standard Webhooks). */
  readonly signing?: string;
  /** The one before, still used until the channel's `previousSecretUntil`. */
  readonly previousSigning?: string;
  /** Of an SMTP account. */
  readonly password?: string;
  /** Of a form service. */
  readonly token?: string;
};

export const CHANNEL_SECRETS = new SealedColumn('notification_channels', 'ciphertext');
/** A person's own token at a form service. */
export const OWN_TOKEN = new SealedColumn('notification_choices', 'ciphertext');
/** Where a browser is pushed to, and its keys. */
export const SUBSCRIPTION = new SealedColumn('push_subscriptions', 'ciphertext');
export const PUSH_KEY = new SealedColumn('push_keys', 'ciphertext');

/** @returns Null: there is none to keep. */
export function sealSecrets(
  box: SecretBox,
  { tenantId, id }: Pick<NotificationChannel, 'tenantId' | 'id'>,
  secrets: ChannelSecrets,
): Buffer | null {
  const isEmpty = Object.values(secrets).every((secret) => secret === undefined);
  return isEmpty ? null : box.seal(JSON.stringify(secrets), CHANNEL_SECRETS.contextOf(tenantId, id));
}

/** @throws {Error} They do not open. */
export function openSecrets(
  box: SecretBox,
  { tenantId, id, ciphertext }: Pick<NotificationChannel, 'tenantId' | 'id' | 'ciphertext'>,
): ChannelSecrets {
  if (ciphertext === null) return {};
  return JSON.parse(box.open(ciphertext, CHANNEL_SECRETS.contextOf(tenantId, id))) as ChannelSecrets;
}
