import type { PageEntry } from './pages';
import type { shellWords } from './words';

type Name = NonNullable<PageEntry['nav']>['section'];

/** The parts of the navigation, from top to bottom. */
export const SECTIONS: readonly { readonly name: Name; readonly words?: keyof typeof shellWords.words }[] = [
  { name: 'tools', words: 'tools_section' },
  { name: 'calls', words: 'calls_section' },
];
