/** A pattern for ILIKE that finds the text anywhere; what LIKE gives a meaning to is taken literally. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`;
}
