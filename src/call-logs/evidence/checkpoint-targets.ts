import { open } from 'node:fs/promises';
import { AwsClient } from 'aws4fetch';
import type { CallLogCheckpoint } from '../chain/call-log-checkpoint.entity.js';
import type { SignedCheckpoint } from '../chain/checkpoint-text.js';
import type { Config } from '../../platform/config.js';
import { fetchGuarded, type GuardedRequest } from '../../platform/network/guarded-http.js';
import { withoutTrailingSlashes } from '../../platform/trailing-slashes.js';

/** Where checkpoints are kept, away from the database. */
export type CheckpointTarget = {
  readonly name: 'file' | 'webhook' | 's3';
  /** Resolves when it is kept there. May be given the same one again. */
  deliver(checkpoint: CallLogCheckpoint): Promise<void>;
};

const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 1_048_576;
const NUMBER_DIGITS = 10;

/** Those that the settings name. */
export function checkpointTargets({ env }: Config): CheckpointTarget[] {
  const targets: CheckpointTarget[] = [];
  const { CHECKPOINT_FILE: file, CHECKPOINT_WEBHOOK_URL: webhook, CHECKPOINT_BUCKET_URL: s3 } = env;
  if (file !== undefined) targets.push({ name: 'file', deliver: (checkpoint) => append(file, checkpoint) });
  if (webhook !== undefined)
    targets.push({ name: 'webhook', deliver: (checkpoint) => post(webhook, checkpoint) });
  const { CHECKPOINT_BUCKET_KEY_ID: accessKeyId = '', CHECKPOINT_BUCKET_SECRET: secretAccessKey = '' } = env;
  if (s3 !== undefined) {
    const region = env.CHECKPOINT_BUCKET_REGION;
    const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
    targets.push({ name: 's3', deliver: (checkpoint) => put(client, s3, checkpoint) });
  }
  return targets;
}

export function toSigned({ text, keyId, signature }: CallLogCheckpoint): SignedCheckpoint {
  return { text, key_id: keyId, signature: signature.toString('base64') };
}

async function append(file: string, checkpoint: CallLogCheckpoint): Promise<void> {
  const handle = await open(file, 'a', 0o644);
  try {
    await handle.appendFile(`${JSON.stringify(toSigned(checkpoint))}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function post(url: string, checkpoint: CallLogCheckpoint): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(toSigned(checkpoint));
  const { ok, status } = await send(new URL(url), { method: 'POST', headers, body });
  if (!ok) throw new Error(`The webhook answered ${status}`);
}

/** One object for each checkpoint, under a name that tells its tenant and number. */
async function put(client: AwsClient, bucket: string, checkpoint: CallLogCheckpoint): Promise<void> {
  const name = `${checkpoint.tenantId}/${String(checkpoint.number).padStart(NUMBER_DIGITS, '0')}.json`;
  const body = `${JSON.stringify(toSigned(checkpoint))}\n`;
  const { url, headers } = await client.sign(`${withoutTrailingSlashes(bucket)}/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { ok, status } = await send(new URL(url), {
    method: 'PUT',
    headers: Object.fromEntries(headers),
    body,
  });
  if (!ok) throw new Error(`The store answered ${status}`);
}

/** The addresses are the operator's, so they may lie in private networks. */
async function send(
  url: URL,
  { method, headers, body }: Pick<GuardedRequest, 'method' | 'headers'> & { readonly body: string },
): Promise<Response> {
  return fetchGuarded(url, {
    method,
    headers,
    body: Buffer.from(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    privateNetworks: true,
    maxBytes: ANSWER_MAX_BYTES,
  });
}
