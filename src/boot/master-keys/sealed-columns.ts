import { agentKeyContext } from '../../agents/agent-caller.js';
import { secondFactorContext } from '../../auth/sign-in/second-factors.service.js';
import { effectContext } from '../../tools/once/tool-effects.js';
import { sealContext } from '../../groups/keys/group-keys.service.js';
import { attemptContext } from '../../access/idempotency/idempotency.service.js';
import { secretContext } from '../../auth/oidc/oidc-providers.service.js';
import {
  channelContext,
  choiceContext,
  pushKeyContext,
  subscriptionContext,
} from '../../messaging/channels/channel-secrets.js';
import { chunkContext } from '../../tools/long-results/result-store.js';

/**
 * A column that SecretBox seals. Rotating the master key seals each of them anew, so one that is missing here would be lost
 * with the old key; a test looks for such columns.
 */
export type SealedColumn = {
  readonly table: string;
  /** Primary key: the context that the secret is bound to is made of it. */
  readonly id: string;
  readonly column: string;
  readonly context: (id: string) => string;
  /** Column with SecretBox's digest of the secret, when there is one. */
  readonly digest?: string;
  /** A secret that may be forgotten: one that does not open is emptied instead of stopping the rotation. */
  readonly isDispensable?: true;
  /** What replicas hold in memory of such a row: kind of change, and the column with its id. */
  readonly change?: { readonly kind: string; readonly id: string };
};

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'mcp_group_keys',
    id: 'id',
    column: 'ciphertext',
    context: sealContext,
    digest: 'hash',
    change: { kind: 'group', id: 'group_id' },
  },
  { table: 'second_factors', id: 'user_id', column: 'secret', context: secondFactorContext },
  // Answers of the last 24 hours, kept to be repeated.
  {
    table: 'idempotency_keys',
    id: 'id',
    column: 'answer',
    context: attemptContext,
    isDispensable: true,
  },
  { table: 'tool_effects', id: 'id', column: 'outcome', context: effectContext, isDispensable: true },
  // Long results, kept for an hour or so.
  { table: 'call_result_chunks', id: 'id', column: 'content', context: chunkContext, isDispensable: true },
  { table: 'agent_versions', id: 'id', column: 'ciphertext', context: agentKeyContext },
  { table: 'notification_channels', id: 'id', column: 'ciphertext', context: channelContext },
  { table: 'notification_choices', id: 'id', column: 'ciphertext', context: choiceContext },
  { table: 'push_subscriptions', id: 'id', column: 'ciphertext', context: subscriptionContext },
  { table: 'push_keys', id: 'tenant_id', column: 'ciphertext', context: pushKeyContext },
  { table: 'oidc_providers', id: 'id', column: 'client_secret', context: secretContext },
];
