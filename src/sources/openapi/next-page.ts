const NEXT = /<([^<>]+)>\s*;[^,]*\brel="?next"?/i;

/** What a `Link` header says of a next page (RFC 8288), as an agent can use it: the arguments that differ. */
export function nextPageHint(link: string | readonly string[] | undefined): string | undefined {
  const [, target] = NEXT.exec([link ?? ''].flat().join(', ')) ?? [];
  if (target === undefined || !URL.canParse(target, 'http://api.invalid')) return undefined;
  const entries = [...new URL(target, 'http://api.invalid').searchParams].slice(0, 20);
  if (entries.length === 0) return undefined;
  return `[There is more: for the next page call this again with ${entries.map(([name, value]) => `${name}=${value}`).join(', ')}.]`;
}
