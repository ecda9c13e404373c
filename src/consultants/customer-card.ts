import type { EntityManager } from 'typeorm';

/**
 * What a consultant is shown of a customer before claiming: nothing to reach them by, and no treatment, diagnosis or record.
 * `interests` are the treatments that the customer named themselves; skills are compared with them, and they say what somebody
 * may have on their mind about their body, so whoever is told of a customer has to be somebody who may know that.
 */
export type CustomerCard = {
  readonly id: string;
  readonly name: string;
  readonly tier: string;
  readonly city: string | null;
  readonly source: string | null;
  readonly language: string | null;
  readonly tags: readonly string[];
  readonly interests: readonly string[];
  readonly registered_at: string;
};

const TAGS_MAX = 20;
const FIND = `SELECT u.id, u.display_name AS name, u.tier, p.city, p.source,
    coalesce(p.preferred_language, f.values->>'language') AS language, coalesce(p.tags, '{}') AS tags,
    coalesce(f.values->'treatment_interests', '[]') AS interests, u.created_at AS registered_at
  FROM users u
  LEFT JOIN customer_profiles p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
  LEFT JOIN customer_preferences f ON f.tenant_id = u.tenant_id AND f.user_id = u.id
  WHERE u.tenant_id = $1 AND u.id = $2`;

/** @throws {Error} The tenant has no such user. */
export async function customerCard(
  manager: EntityManager,
  tenantId: string,
  userId: string,
): Promise<CustomerCard> {
  const [found] = await manager.query<(CustomerCard & { readonly registered_at: string | Date })[]>(FIND, [
    tenantId,
    userId,
  ]);
  if (!found) throw new Error(`No user ${userId}`);
  return {
    ...found,
    tags: found.tags.slice(0, TAGS_MAX),
    interests: found.interests.slice(0, TAGS_MAX),
    registered_at: new Date(found.registered_at).toISOString(),
  };
}

/** What a consultant's skills are compared with. */
export function wantedTags({ tier, tags, interests }: CustomerCard): string[] {
  return [tier, ...tags, ...interests].map((tag) => tag.toLowerCase());
}
