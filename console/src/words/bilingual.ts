/** What one page says: per key English and Chinese, side by side, so that neither can be missing. */
export type Words = Readonly<Record<string, readonly [en: string, zh: string]>>;

/** The words of one page or part, under a name of its own. */
export type Vocabulary<K extends string = string> = {
  readonly name: string;
  readonly words: Readonly<Record<K, readonly [en: string, zh: string]>>;
};

/** Names the words of a page. `{{value}}` stands for what the page puts in. */
export function bilingual<const W extends Words>(name: string, words: W): Vocabulary<keyof W & string> {
  return { name, words };
}
