import { agreedNowMs } from '../../platform/agreed-time.js';
import type { GroupKey } from './group-key.entity.js';

type KeyState = Pick<GroupKey, 'status' | 'expiresAt' | 'isDecoy'>;

/** Why a key opens nothing at a moment, or null: what the API tells. Calls are served from the catalog, which keeps the same rule. */
export function keyFault(
  { status, expiresAt, isDecoy }: KeyState,
  now: number = agreedNowMs(),
): string | null {
  if (isDecoy) return 'The key is a decoy; its use raises an alert';
  if (status === 'revoked') return 'The key is revoked';
  return expiresAt !== null && expiresAt.getTime() <= now ? 'The key has expired' : null;
}
