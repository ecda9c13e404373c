import type { Section } from './pages';
import type { shellWords } from './words';

/** The parts of the navigation, from top to bottom. */
export const SECTIONS: readonly { readonly name: Section; readonly words?: keyof typeof shellWords.words }[] =
  [
    { name: 'overview' },
    { name: 'tools', words: 'tools_section' },
    { name: 'calls', words: 'calls_section' },
    { name: 'customers', words: 'customers_section' },
    { name: 'administration', words: 'administration_section' },
    { name: 'operation', words: 'operation_section' },
  ];
