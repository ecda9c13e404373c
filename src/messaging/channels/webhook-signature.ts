import { createHmac, randomBytes } from 'node:crypto';
import { SECRET_PREFIXES } from '../../platform/secrets/secret-shapes.js';

const PREFIX = SECRET_PREFIXES.webhookSecret;
const SECRET_BYTES = 32;

/** 32 random bytes as Standard Webhooks writes them. */
export function newSigningSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * Signature of one message, `v1,` and base64 of HMAC-SHA-256 over id, time and body.
 *
 * @param timestamp Seconds since 1970.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook(
  secret: string,
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
