// An outside OpenID provider for tests, as a process of its own. Whoever comes with a login_hint, base64url of JSON claims, is
// signed in as that person without being asked.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

/** Claims by subject. */
const people = new Map();

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = { redirect_uris: ['http://127.0.0.1/any'], id_token_signed_response_alg: 'RS256' };
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: 'toolcrib', client_secret: 'a secret of the provider' },
    { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
  ],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'groups', 'level'],
  },
  cookies: { keys: ['test'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => people.get(id) }),
  pkce: { required: () => true },
});
// Its clients' addresses are not known before the test makes its provider.
provider.Client.prototype.redirectUriAllowed = () => true;
const callback = provider.callback();

async function serve(request, response) {
  if (!request.url.startsWith('/interaction/')) return callback(request, response);
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  const result = {};
  if (prompt.name === 'login') {
    const claims = JSON.parse(Buffer.from(params.login_hint, 'base64url').toString());
    people.set(claims.sub, claims);
    result.login = { accountId: claims.sub };
  } else {
    const owner = { accountId: session.accountId, clientId: params.client_id };
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant(owner);
    grant.addOIDCScope(params.scope);
    result.consent = { grantId: await grant.save() };
  }
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

process.stdout.write(`${issuer}\n`);
process.on('disconnect', () => process.exit()).on('SIGTERM', () => process.exit());
