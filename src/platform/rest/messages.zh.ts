import { automation } from './zh/automation.js';
import { people } from './zh/people.js';
import { requests } from './zh/requests.js';
import { sources } from './zh/sources.js';
import { tools } from './zh/tools.js';

/**
 * The Chinese of what a failure of the REST API can say, by the English that the code throws; `{0}`, `{1}` stand for what is put
 * in, from the left. A test finds every such message in the sources and names those that are missing here.
 */
export const zh: Readonly<Record<string, string>> = {
  ...requests,
  ...people,
  ...sources,
  ...tools,
  ...automation,
};
