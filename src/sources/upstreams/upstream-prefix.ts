import { cutText } from '../../platform/cut-text.js';

const PREFIX_MAX = 20;

/** The prefix that an upstream's tools get when nobody says another one: its name, as far as names of tools can hold it. */
export function prefixOf(name: string): string {
  const usable = name.replaceAll(/[^A-Za-z0-9-]+/g, '_').replace(/^[^A-Za-z]+/, '');
  return cutText(usable, PREFIX_MAX);
}
