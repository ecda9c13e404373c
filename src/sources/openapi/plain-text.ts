const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** A description without the tags of HTML that documents like to have in them, its white space in order. */
export function plainText(text: string): string {
  return text
    .replaceAll(/<(?:script|style)\b[^>]*>[^<]*<\/(?:script|style)>/gi, ' ')
    .replaceAll(/<\/?[a-z][^<>]{0,500}>/gi, ' ')
    .replaceAll(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name: string) => ENTITIES[name] ?? ' ')
    .split('\n')
    .map((line) => line.replaceAll(/[ \t\r]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}
