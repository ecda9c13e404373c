/** What an agent can give best comes first. */
const CHOICES: readonly ((type: string) => boolean)[] = [
  isJsonType,
  (type) => type === 'multipart/form-data',
  (type) => type === 'application/x-www-form-urlencoded',
  (type) => type === '*/*',
  isTextType,
  () => true,
];

/** `application/json; charset=utf-8` is `application/json`. */
export function bareType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

export function isJsonType(mediaType: string): boolean {
  const type = bareType(mediaType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

export function isTextType(mediaType: string): boolean {
  const type = bareType(mediaType);
  return (
    type.startsWith('text/') ||
    type.endsWith('+xml') ||
    /^application\/(?:xml|yaml|x-yaml|javascript|x-ndjson|graphql|sql|toml|x-www-form-urlencoded)$/.test(type)
  );
}

/** The one of several that is easiest for an agent; undefined: there is none. */
export function chosenMediaType(types: readonly string[]): string | undefined {
  for (const isGood of CHOICES) {
    const found = types.find((type) => isGood(bareType(type)));
    if (found !== undefined) return found;
  }
  return undefined;
}
