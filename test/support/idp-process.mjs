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
const secret = 'a secret of the provider';

/** Other shapes of a provider, each with an issuer of its own: the path says which. */
const SHAPES = {
  '': {},
  /** Everything is in its ID token, and nobody gets userinfo. */
  '/no-userinfo': { conformIdTokenClaims: false },
  /** As before, but the ID token has not all. */
  '/no-userinfo-though-needed': {},
  /** Signs its userinfo. */
  '/signed-userinfo': { features: { jwtUserinfo: { enabled: true } } },
};
const providers = new Map(Object.entries(SHAPES).map(([path, shape]) => [path, newProvider(path, shape)]));

function newProvider(path, { features, ...shape }) {
  const signed = features?.jwtUserinfo ? { userinfo_signed_response_alg: 'RS256' } : {};
  const provider = new Provider(issuer + path, {
    clients: [
      { ...client, ...signed, client_id: 'toolcrib', client_secret: secret },
      { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'groups', 'level'],
    },
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: false }, ...features },
    interactions: { url: (_ctx, { uid }) => `${path}/interaction/${uid}` },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => people.get(id) }),
    pkce: { required: () => true },
    ...shape,
  });
  // Its clients' addresses are not known before the test makes its provider.
  provider.Client.prototype.redirectUriAllowed = () => true;
  return provider;
}

async function serve(request, response) {
  const path = [...providers.keys()].findLast((shape) => request.url.startsWith(`${shape}/`));
  const provider = providers.get(path);
  request.originalUrl = request.url;
  request.url = request.url.slice(path.length);
  if (path.startsWith('/no-userinfo') && request.url === '/me') return response.writeHead(403).end('no');
  if (!request.url.startsWith('/interaction/')) return provider.callback()(request, response);
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
