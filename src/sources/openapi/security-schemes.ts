import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { type ApiDocument, follow } from './document.js';
import type { SecurityScheme } from './operation.js';

/** Reads the ways to be let in that a document names, by their names. */
export function readSchemes(document: ApiDocument): Readonly<Record<string, SecurityScheme>> {
  const { root, dialect } = document;
  const components = isPlainObject(root['components']) ? root['components'] : {};
  const schemes = dialect === '2.0' ? root['securityDefinitions'] : components['securitySchemes'];
  if (!isPlainObject(schemes)) return {};
  return Object.fromEntries(
    Object.entries(schemes).flatMap(([name, given]) => {
      const scheme = follow(document, given);
      return scheme ? [[name, schemeOf(scheme)]] : [];
    }),
  );
}

function schemeOf(scheme: JsonObject): SecurityScheme {
  const { type, in: place, name } = scheme;
  if (
    type === 'apiKey' &&
    typeof name === 'string' &&
    (place === 'query' || place === 'header' || place === 'cookie')
  )
    return { kind: 'api_key', in: place, name };
  if (type === 'basic') return { kind: 'basic' };
  if (type === 'http') {
    const kind = String(scheme['scheme']).toLowerCase();
    if (kind === 'basic' || kind === 'bearer') return { kind };
    return { kind: 'unsupported', what: `http ${kind}` };
  }
  if (type === 'oauth2') return oauth(scheme);
  if (type === 'openIdConnect') return { kind: 'oauth2', scopes: [] };
  return { kind: 'unsupported', what: String(type) };
}

/** Of the flows, client credentials are ours; the token of another flow can be given as it is. */
function oauth(scheme: JsonObject): SecurityScheme {
  const flows = isPlainObject(scheme['flows']) ? scheme['flows'] : {};
  const own =
    flows['clientCredentials'] ??
    Object.values(flows).find((flow) => isPlainObject(flow) && 'tokenUrl' in flow);
  const flow = isPlainObject(own) ? own : scheme; // of 2.0: the scheme itself
  const { tokenUrl, scopes } = flow;
  return {
    kind: 'oauth2',
    ...(typeof tokenUrl === 'string' && { tokenUrl }),
    scopes: isPlainObject(scopes) ? Object.keys(scopes) : [],
  };
}
