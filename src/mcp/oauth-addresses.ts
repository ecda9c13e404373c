import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './answers.js';

/** What clients ask for when they take a refused key for a reason to sign in. */
const METADATA = /\/\.well-known\/(?:oauth-|openid-configuration)/;
const ENDPOINTS = ['/register', '/token', '/authorize'];

/**
 * Whether a request looks for an authorization server: its metadata at any address, below a group's, too; or the endpoints that
 * clients assume where there is no metadata.
 */
export function isOAuthAddress({ url = '', method }: IncomingMessage): boolean {
  if (url.startsWith('/mcp/')) return url.includes('/.well-known/');
  if (url.startsWith('/.well-known/')) return METADATA.test(url);
  const end = url.indexOf('?');
  if (!ENDPOINTS.includes(end < 0 ? url : url.slice(0, end))) return false;
  return method === 'POST' || method === 'OPTIONS' || url.includes('response_type=');
}

/** An OAuth client shows `error_description` of an error in this form (RFC 6749 section 5.2), and nothing else. */
export function sendNoOAuth(response: ServerResponse): void {
  sendJson(response, 404, {
    error: 'invalid_request',
    error_description:
      'There is no OAuth here. The key was not accepted, or none was sent: put the key of the tool group into the header ' +
      '"Authorization: Bearer KEY" or "X-API-Key: KEY"',
  });
}
