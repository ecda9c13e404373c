import { ANSWER } from '../../access/idempotency/idempotency.service.js';
import { AGENT_KEY } from '../../agents/agent-caller.js';
import { CLIENT_SECRET } from '../../auth/oidc/oidc-providers.service.js';
import { FACTOR_SECRET } from '../../auth/sign-in/second-factors.service.js';
import { GROUP_KEY } from '../../groups/keys/group-keys.service.js';
import {
  CHANNEL_SECRETS,
  OWN_TOKEN,
  PUSH_KEY,
  SUBSCRIPTION,
} from '../../messaging/channels/channel-secrets.js';
import type { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { UPSTREAM_SECRETS } from '../../sources/upstreams/upstream.entity.js';
import { CHUNK } from '../../tools/long-results/result-store.js';
import { OUTCOME } from '../../tools/once/tool-effects.js';

/**
 * How the secrets of a column are sealed anew. Rotating the master key seals each of them, so a column that is missing here would
 * be lost with the old key; a test looks for such columns.
 */
export type Resealing = {
  readonly sealed: SealedColumn;
  /** Name of the primary key. */
  readonly id: string;
  /** What a secret was bound to before it was bound to its place: this and the row's id. */
  readonly oldContext: string;
  /** Column with SecretBox's digest of the secret, when there is one. */
  readonly digest?: string;
  /** A secret that may be forgotten: one that does not open is emptied instead of stopping the rotation. */
  readonly isDispensable?: true;
  /** What replicas hold in memory of such a row: kind of change, and the column with its id. */
  readonly change?: { readonly kind: string; readonly id: string };
};

export const SEALED_COLUMNS: readonly Resealing[] = [
  {
    sealed: GROUP_KEY,
    id: 'id',
    oldContext: 'group-key',
    digest: 'hash',
    change: { kind: 'group', id: 'group_id' },
  },
  { sealed: FACTOR_SECRET, id: 'user_id', oldContext: 'second-factor' },
  // Answers of the last 24 hours, kept to be repeated.
  { sealed: ANSWER, id: 'id', oldContext: 'idempotency-key', isDispensable: true },
  { sealed: OUTCOME, id: 'id', oldContext: 'tool-effect', isDispensable: true },
  // Long results, kept for an hour or so.
  { sealed: CHUNK, id: 'id', oldContext: 'call-result', isDispensable: true },
  { sealed: AGENT_KEY, id: 'id', oldContext: 'agent-key' },
  { sealed: CHANNEL_SECRETS, id: 'id', oldContext: 'notification-channel' },
  { sealed: OWN_TOKEN, id: 'id', oldContext: 'notification-choice' },
  { sealed: SUBSCRIPTION, id: 'id', oldContext: 'push-subscription' },
  { sealed: PUSH_KEY, id: 'tenant_id', oldContext: 'push-key' },
  { sealed: UPSTREAM_SECRETS, id: 'id', oldContext: 'upstream', change: { kind: 'upstream', id: 'id' } },
  { sealed: CLIENT_SECRET, id: 'id', oldContext: 'oidc-provider' },
];
