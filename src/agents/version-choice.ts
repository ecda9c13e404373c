import { createHash } from 'node:crypto';

type Weighted = { readonly id: string; readonly weight: number };

/** A hash read as a number strictly between 0 and 1 needs at most the bits that a double has. */
const HASH_BYTES = 6;
const HASH_RANGE = 2 ** (8 * HASH_BYTES);

/**
 * Puts the versions of an agent in the order in which they are to be asked for one user: the first is the user's own, the others
 * step in for it. Over many users each is first as often as its weight says; for one user the order stays the same on every
 * replica and at every time, and a change of one weight moves only the users that it has to.
 *
 * @param versions A weight of 0 takes no users and does not step in.
 * @see Weighted rendezvous hashing: Schindelhauer, Schomaker, "Weighted Distributed Hash Tables" (SPAA 2005), logarithmic method.
 */
export function rankVersions<V extends Weighted>(versions: readonly V[], user: string): V[] {
  return versions
    .filter(({ weight }) => weight > 0)
    .map((version) => ({ version, distance: -Math.log(fractionOf(version.id, user)) / version.weight }))
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ version }) => version);
}

function fractionOf(id: string, user: string): number {
  const hash = createHash('sha256').update(`${id}\n${user}`).digest();
  return (hash.readUIntBE(0, HASH_BYTES) + 1) / (HASH_RANGE + 2);
}
