/** One of the forms that a value may have, with the name that the document gives it. */
export type Choice = { readonly node: unknown; readonly name?: string };
export type Choices = {
  readonly of: readonly Choice[];
  /** The property that says which form it is, and what it then says. */
  readonly discriminator?: { readonly property: string; readonly values: readonly (string | undefined)[] };
};
