/** Cuts the slashes at the end of an address. `/\/+$/` would look again from each slash of a run that does not stand at the end. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x2f) end--;
  return text.slice(0, end);
}
