import type { SecretBox } from '../../platform/secrets/secret-box.js';
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

export function channelContext(id: string): string {
  return `notification-channel:${id}`;
}

export function choiceContext(id: string): string {
  return `notification-choice:${id}`;
}

export function subscriptionContext(id: string): string {
  return `push-subscription:${id}`;
}

export function pushKeyContext(tenantId: string): string {
  return `push-key:${tenantId}`;
}

/** @returns Null: there is none to keep. */
export function sealSecrets(box: SecretBox, id: string, secrets: ChannelSecrets): Buffer | null {
  const isEmpty = Object.values(secrets).every((secret) => secret === undefined);
  return isEmpty ? null : box.seal(JSON.stringify(secrets), channelContext(id));
}

/** @throws {Error} They do not open. */
export function openSecrets(
  box: SecretBox,
  { id, ciphertext }: Pick<NotificationChannel, 'id' | 'ciphertext'>,
): ChannelSecrets {
  if (ciphertext === null) return {};
  return JSON.parse(box.open(ciphertext, channelContext(id))) as ChannelSecrets;
}
