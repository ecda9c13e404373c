/** `{{name}}`, spaces allowed. Braces end a name, so that no text is read twice however often it begins one. */
const VARIABLE = /\{\{([^{}]*)\}\}/g;

/** Names the `{{variables}}` of a text, and gives the text without them. */
export function readVariables(text: string): { readonly names: readonly string[]; readonly rest: string } {
  const names = [...text.matchAll(VARIABLE)].map(([, name]) => name.trim());
  return { names: [...new Set(names)], rest: text.replaceAll(VARIABLE, '') };
}

/** Puts values for the `{{variables}}` of a text. What a value holds is never filled in again; one of undefined stays as it is. */
export function fillVariables(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(VARIABLE, (whole, name: string) => valueOf(name.trim()) ?? whole);
}
