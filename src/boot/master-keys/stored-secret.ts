import type { SecretBox } from '../../platform/secrets/secret-box.js';
import type { Resealing } from './sealed-columns.js';

/**
 * Opens a stored secret to seal it anew, also one from before secrets were bound to their places. Nothing else opens those.
 *
 * @throws {Error} It lies under a master key that is not known, or was changed.
 */
export function openStored(
  box: SecretBox,
  row: { readonly id: string; readonly box: Buffer },
  { sealed, oldContext, tenantId }: Pick<Resealing, 'sealed' | 'oldContext'> & { readonly tenantId: string },
): string {
  if (box.isBound(row.box)) return box.open(row.box, sealed.contextOf(tenantId, row.id));
  return box.openUnbound(row.box, `${oldContext}:${row.id}`);
}
