import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { withCredentials } from './credentials.js';
import { formRequest, type FormedRequest } from './form-request.js';
import { readAnswer } from './read-answer.js';
import type { RecipeParameter, RequestRecipe } from './recipe.js';
import { baseUrlOf } from './servers.js';
import { sendRequest } from './send-request.js';

const RECIPE: RequestRecipe = { method: 'GET', path: '/things', parameters: [], security: [], servers: [] };
const FORM = {
  baseUrl: 'https://api.example.com/v1',
  readHandle: async (handle: string) => `kept ${handle}`,
};

function parameter(name: string, place: RecipeParameter['in']): RecipeParameter {
  const style = place === 'query' || place === 'cookie' ? 'form' : 'simple';
  return { argument: name, name, in: place, style, explode: style === 'form' };
}

describe('forming a request', () => {
  const byId: RequestRecipe = { ...RECIPE, path: '/things/{id}', parameters: [parameter('id', 'path')] };

  it.each(['..', '.', ''])('does not leave the path by %j', async (id) => {
    await expect(formRequest(byId, { id }, FORM)).rejects.toThrow(/must not be/);
  });

  it.each(['a/../../b', '%2e%2e', '//evil.example.com', 'x?admin=1', 'x#y', '@evil', '\\..\\'])(
    'keeps %j within its place',
    async (id) => {
      const { url } = await formRequest(byId, { id }, FORM);
      expect([url.origin, url.pathname.split('/').length, url.search, url.hash]).toEqual([
        'https://api.example.com',
        4,
        '',
        '',
      ]);
    },
  );

  it('lets no value of a header become another header', async () => {
    const recipe = { ...RECIPE, parameters: [parameter('X-Trace', 'header')] };
    await expect(formRequest(recipe, { 'X-Trace': 'a\r\nX-Admin: 1' }, FORM)).rejects.toThrow(
      'no line breaks',
    );
    expect((await formRequest(recipe, { 'X-Trace': 'a' }, FORM)).headers).toEqual({ 'x-trace': 'a' });
  });

  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Proxy-Authorization', 'Cookie'])(
    'sets no %s, whatever the document says',
    async (name) => {
      await expect(
        formRequest({ ...RECIPE, parameters: [parameter(name, 'header')] }, { [name]: 'x' }, FORM),
      ).rejects.toThrow('cannot be set');
    },
  );

  it('takes nothing that every object inherits for an argument', async () => {
    const { url } = await formRequest(
      { ...RECIPE, parameters: [parameter('constructor', 'query')] },
      {},
      FORM,
    );
    expect(url.search).toBe('');
  });

  it('reads files from data URIs and from handles of kept results', async () => {
    const body = {
      mediaType: 'multipart/form-data',
      kind: 'multipart',
      fields: { a: 'a', b: 'b', c: 'c' },
      files: ['a', 'b', 'c'],
    } as const;
    const args = { a: 'data:text/csv;name=x.csv;base64,MSwy', b: `result_${'x'.repeat(32)}`, c: 'plain' };
    const request = await formRequest({ ...RECIPE, method: 'POST', body }, args, FORM);
    const form = await new Response(new Uint8Array(request.body!), {
      headers: { 'content-type': request.headers['content-type'] },
    }).formData();
    const file = form.get('a') as File;
    expect([file.name, file.type, await file.text()]).toEqual(['x.csv', 'text/csv', '1,2']);
    expect(await (form.get('b') as File).text()).toBe(`kept result_${'x'.repeat(32)}`);
    expect(await (form.get('c') as File).text()).toBe('plain');
  });
});

describe('the address of an API', () => {
  const server = {
    url: 'https://{region}.example.com/{version}/',
    variables: { region: { default: 'eu', allowed: ['eu', 'us'] }, version: { default: 'v1' } },
  };

  it('is made of its variables, within what is allowed', () => {
    expect(baseUrlOf(server, {})).toBe('https://eu.example.com/v1');
    expect(baseUrlOf(server, { region: 'us' })).toBe('https://us.example.com/v1');
    expect(() => baseUrlOf(server, { region: 'evil.com/' })).toThrow('is not allowed');
  });

  it('may be relative to the document', () => {
    expect(baseUrlOf({ url: '/api', variables: {} }, {}, 'https://a.example.com/docs/openapi.json')).toBe(
      'https://a.example.com/api',
    );
    expect(() => baseUrlOf({ url: '/api', variables: {} }, {})).toThrow('is not a whole URL');
    expect(() => baseUrlOf({ url: 'file:///etc/passwd', variables: {} }, {})).toThrow('must begin with http');
  });
});

describe('credentials', () => {
  const request: FormedRequest = {
    method: 'GET',
    url: new URL('https://a.example.com/?q=a%20b'),
    headers: {},
    cookies: [],
  };
  const schemes = {
    query: { kind: 'api_key', in: 'query', name: 'api key' },
    cookie: { kind: 'api_key', in: 'cookie', name: 'sid' },
    header: { kind: 'api_key', in: 'header', name: 'X-Key' },
    basic: { kind: 'basic' },
    bearer: { kind: 'bearer' },
  } as const;
  const token = { kind: 'token', value: 's3cret' } as const;

  it('go where the document says', () => {
    const credentials = {
      query: token,
      cookie: token,
      header: token,
      basic: { kind: 'basic', user: 'u', password: 'p' },
    } as const;
    const made = withCredentials(request, [{ query: [], cookie: [], header: [], basic: [] }], {
      schemes,
      credentials,
    });
    expect(made).toMatchObject({
      headers: { 'x-key': 's3cret', authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
      cookies: ['sid=s3cret'],
    });
    expect(made.url.search).toBe('?q=a%20b&api%20key=s3cret');
  });

  it('are those of the first way that all are there for', () => {
    const made = withCredentials(request, [{ header: [], basic: [] }, { bearer: [] }, {}], {
      schemes,
      credentials: { bearer: token },
    });
    expect(made.headers).toEqual({ authorization: 'Bearer s3cret' });
    expect(withCredentials(request, [{ basic: [] }, {}], { schemes, credentials: {} })).toEqual(request);
    expect(() =>
      withCredentials(request, [{ basic: [] }, { header: [] }], { schemes, credentials: {} }),
    ).toThrow('(basic, or header)');
  });
});

describe('calling an API', () => {
  const servers: Server[] = [];
  const listen = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  const send = (url: string, request: Partial<FormedRequest> = {}, privateNetworks = true) =>
    sendRequest(
      { method: 'GET', url: new URL(url), headers: {}, cookies: [], ...request },
      { accept: 'application/json', signal: AbortSignal.timeout(60_000), privateNetworks },
    );
  const call = async (listener: RequestListener, recipe: Partial<RequestRecipe> = {}, maxBytes = 100_000) =>
    readAnswer(await send(await listen(listener), { method: recipe.method ?? 'GET' }), {
      recipe: { ...RECIPE, ...recipe },
      maxBytes,
    });
  const json =
    (body: unknown, headers: Record<string, string> = {}, status = 200): RequestListener =>
    (_, answer) =>
      answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

  it('connects to no private network unless it may', async () => {
    await expect(send('http://127.0.0.1:1/', {}, false)).rejects.toThrow('SOURCE_PRIVATE_NETWORKS');
    await expect(send('http://169.254.169.254/')).rejects.toThrow('SOURCE_PRIVATE_NETWORKS');
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('unpacks %s, and no more of it than a result may have', async (encoding, pack) => {
    const packed =
      (text: string): RequestListener =>
      (_, answer) =>
        answer
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding })
          .end(pack(text));
    expect(await call(packed('{"a":1}'))).toEqual({ a: 1 });
    await expect(call(packed(JSON.stringify('x'.repeat(50_000_000))))).rejects.toThrow(
      'more than the 100000 bytes',
    );
    await expect(
      call((_, answer) => answer.writeHead(200, { 'content-encoding': encoding }).end('no')),
    ).rejects.toThrow('cannot be unpacked');
  });

  it('reads what is not JSON as what it is', async () => {
    const of =
      (type: string, body: string | Buffer): RequestListener =>
      (_, answer) =>
        answer.writeHead(200, { 'content-type': type }).end(body);
    expect(await call(of('text/csv', 'a,b'), { answerType: 'text/csv' })).toBe('a,b');
    expect(
      await call(of('text/plain; charset=latin1', Buffer.from('é', 'latin1')), { answerType: 'text/plain' }),
    ).toBe('é');
    expect(await call((_, answer) => answer.writeHead(204).end())).toMatch('answered 204 without a body');
    expect(await call((_, answer) => answer.writeHead(201, { location: '/things/7' }).end())).toMatch(
      'It is at /things/7',
    );
    expect(await call(of('image/png', Buffer.from([1, 2])))).toMatchObject({
      content: [{ type: 'image', data: 'AQI=', mimeType: 'image/png' }],
    });
    expect(await call(of('application/pdf', Buffer.from([1])))).toMatchObject({
      content: [{ type: 'resource', resource: { blob: 'AQ==' } }],
    });
    expect(await call(of('application/problem+json', '{"a":1}'))).toEqual({ a: 1 });
    await expect(call(of('application/json', '{"a"'))).rejects.toThrow('is not JSON');
    await expect(call(of('text/html', '<html><title>Sign in</title></html>'))).rejects.toThrow(
      'A page came back in place of the API\'s answer ("Sign in")',
    );
    expect(await call(json({}, { etag: '"1"' }), { method: 'HEAD' })).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
    });
  });

  it('says how to get the next page', async () => {
    const link =
      '<https://api.example.com/things?page=3&per_page=10>; rel="next", <https://api.example.com/things?page=9>; rel="last"';
    expect(await call(json([1], { link }))).toMatchObject({
      content: [
        { text: '[1]' },
        { text: '[There is more: for the next page call this again with page=3, per_page=10.]' },
      ],
      structuredContent: { result: [1] },
    });
  });

  it.each([
    [404, { message: 'No such pet' }, 'The API answered 404 Not Found: No such pet'],
    [
      422,
      { title: 'Invalid', detail: 'See errors', errors: [{ field: 'name', message: 'is blank' }] },
      'See errors; name: is blank',
    ],
    [400, { error: { message: 'Bad model', code: 1 } }, ': Bad model'],
    [422, { detail: [{ loc: ['body', 'age'], msg: 'not a number' }] }, 'body.age: not a number'],
    [400, { errors: { name: ['too short', 'taken'] } }, 'name: too short, taken'],
    [401, { error: 'invalid_token', error_description: 'Expired' }, 'Expired. The credentials that were set'],
    [500, { odd: 1 }, '{"odd":1}'],
  ])('tells the words of a %s', async (status, body, message) => {
    await expect(call(json(body, {}, status))).rejects.toThrow(message);
  });

  it('tells the title of a page of a proxy, and not the page', async () => {
    const page: RequestListener = (_, answer) =>
      answer
        .writeHead(502, { 'content-type': 'text/html' })
        .end(`<html><head><title>502 Bad Gateway</title></head><body>${'x'.repeat(90_000)}</body></html>`);
    await expect(call(page)).rejects.toThrow(
      /^The API answered 502 Bad Gateway: a page of HTML, "502 Bad Gateway"$/,
    );
  });

  it('says when to try again', async () => {
    await expect(call(json({ message: 'Slow down' }, { 'retry-after': '17' }, 429))).rejects.toMatchObject({
      message: 'The API answered 429 Too Many Requests: Slow down. Try again in 17 s',
      retryAfterSeconds: 17,
    });
  });

  it('shows no secrets of an error', async () => {
    await expect(
      call(
        json(
          {
            message:
              'Bad key Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
          },
          {},
          400,
        ),
      ),
    ).rejects.toThrow(/\[redacted\]/);
  });

  describe('that redirects', () => {
    const secrets = {
      headers: { authorization: 'Bearer s3cret', 'x-key': 's3cret', accept: 'a/b' },
      cookies: ['sid=s3cret'],
    };

    it('takes the credentials along on the same host, and none to another', async () => {
      const seen: unknown[] = [];
      const other = await listen((incoming, answer) => {
        seen.push([
          incoming.headers.authorization,
          incoming.headers['x-key'],
          incoming.headers.cookie,
          incoming.headers.accept,
        ]);
        answer.end();
      });
      const first = await listen((incoming, answer) => {
        if (incoming.url === '/moved') seen.push([incoming.headers.authorization, incoming.headers.cookie]);
        const location = incoming.url === '/' ? '/moved' : `${other}/x`;
        answer.writeHead(307, { location }).end();
      });
      expect((await send(first, secrets)).statusCode).toBe(200);
      expect(seen).toEqual([
        ['Bearer s3cret', 'sid=s3cret'],
        [undefined, undefined, undefined, 'a/b'],
      ]);
    });

    it('sends no change to another host, and none twice', async () => {
      const seen: string[] = [];
      const other = await listen((_, answer) => answer.end());
      const first = await listen((incoming, answer) => {
        seen.push(`${incoming.method} ${incoming.url}`);
        if (incoming.url === '/done') return answer.end();
        const [, status = '307', where = ''] = incoming.url?.split('/') ?? [];
        return answer.writeHead(Number(status), { location: where === 'other' ? other : '/done' }).end();
      });
      const post = { method: 'POST', body: Buffer.from('{}') };
      await expect(send(`${first}/307/other`, post)).rejects.toThrow('redirects to another host');
      await send(`${first}/303/same`, post);
      await send(`${first}/308/same`, post);
      expect(seen).toEqual([
        'POST /307/other',
        'POST /303/same',
        'GET /done',
        'POST /308/same',
        'POST /done',
      ]);
    });

    it('is left after a few times, and for what is no address of the web', async () => {
      const round = await listen((_, answer) => answer.writeHead(302, { location: '/' }).end());
      await expect(send(round)).rejects.toThrow('redirects more than 5 times');
      const odd = await listen((_, answer) =>
        answer.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      );
      await expect(send(odd)).rejects.toThrow('not to http');
    });
  });
});
