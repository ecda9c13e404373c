/** What the guide says of one record: hashes, from which nothing can be read back. */
export type Markable = {
  readonly groupId: string;
  readonly toolName: string;
  readonly callerAppId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly success: boolean;
  readonly errorKind: string | null;
  readonly durationMs: number;
};

/** Milliseconds; the guide knows of each stretch whether it has calls at least or at most as long. */
const LONG_MS = [
  100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000, 30_000, 60_000,
  100_000,
] as const;
const SHORT_MS = [0.3, 1, 3, 10] as const;

/** The properties of a call by which it can be sought. */
export function traitsOf(call: Partial<Markable>): string[] {
  const { groupId, toolName, callerAppId, keyId, userId, success, errorKind } = call;
  const traits: string[] = [];
  if (groupId !== undefined) traits.push(`group ${groupId}`);
  if (toolName !== undefined) traits.push(`tool ${toolName}`);
  if (callerAppId !== undefined && callerAppId !== null) traits.push(`caller ${callerAppId}`);
  if (keyId !== undefined && keyId !== null) traits.push(`key ${keyId}`);
  if (userId !== undefined && userId !== null) traits.push(`user ${userId}`);
  if (success !== undefined) traits.push(success ? 'succeeded' : 'failed');
  if (errorKind !== undefined && errorKind !== null) traits.push(`kind ${errorKind}`);
  return traits;
}

/** Of one call: all limits that it reaches. */
export function durationTraits(durationMs: number): string[] {
  return [
    ...LONG_MS.filter((limit) => durationMs >= limit).map((limit) => `long ${limit}`),
    ...SHORT_MS.filter((limit) => durationMs <= limit).map((limit) => `short ${limit}`),
  ];
}

/** Of what is sought: the narrowest limit that every call in question reaches. */
export function soughtDurationTraits({ min, max }: { min?: number; max?: number }): string[] {
  const long = min === undefined ? undefined : LONG_MS.findLast((limit) => limit <= min);
  const short = max === undefined ? undefined : SHORT_MS.find((limit) => limit >= max);
  return [
    ...(long === undefined ? [] : [`long ${long}`]),
    ...(short === undefined ? [] : [`short ${short}`]),
  ];
}

/** Each alone and each with each other one: two common properties are rare together, and that is what is asked for. */
export function pairsOf(traits: readonly string[]): string[] {
  const sorted = traits.toSorted();
  return sorted.flatMap((trait, at) => [trait, ...sorted.slice(at + 1).map((other) => `${trait}\n${other}`)]);
}

/**
 * Makes marks of a tenant: FNV-1a, 32 bits. Another tenant's marks are others, so that no list in the index is of all tenants.
 */
export function markerOf(tenantId: string): (what: string) => number {
  const seed = hashed(0x811c9dc5, tenantId);
  return (what) => hashed(seed, what) | 0;
}

function hashed(seed: number, text: string): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
