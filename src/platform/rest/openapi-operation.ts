import { exampleOf, resolve, type Schema, type Schemas } from './openapi-example.js';

type Header = { readonly description: string; readonly schema: Schema };
type Parameter = {
  readonly name: string;
  readonly in: string;
  required?: boolean;
  description?: string;
  readonly schema?: Schema;
};
type Content = Record<string, { schema?: Schema; example?: unknown; examples?: unknown }>;
type Answer = { description?: string; headers?: Record<string, Header>; content?: Content };

/** The part of an OpenAPI operation that we complete. */
export type Operation = {
  parameters?: Parameter[];
  requestBody?: { content?: Content };
  responses: Record<string, Answer | undefined>;
  readonly 'x-permission'?: string;
  readonly 'x-shows-secret'?: boolean;
};

type Route = { readonly path: string; readonly method: string };

/** What each failure means, in the document and as `error.code` of its example. */
const FAILURES: Readonly<Record<string, readonly [code: string, description: string]>> = {
  400: ['invalid_input', 'Wrong, missing or unknown fields, each named in error.details'],
  401: ['unauthenticated', 'No access token, or one that is wrong or has expired'],
  403: ['forbidden', 'The roles do not allow it, or a page of a foreign origin asks'],
  404: ['not_found', "Not there, or another tenant's"],
  409: [
    'conflict',
    'It contradicts the present state, or the first request with this Idempotency-Key is not done',
  ],
  412: ['precondition_failed', 'It was changed since the version in If-Match'],
  413: ['body_too_large', 'The body is too large'],
  415: ['unsupported_media_type', 'The body is not JSON'],
  422: ['idempotency_key_reused', 'The Idempotency-Key belongs to another request'],
  429: [
    'too_many_requests',
    'Too many requests or failed attempts; Retry-After says how many seconds to wait',
  ],
  500: ['internal', 'Our fault; the message has an id under which the log says more'],
  503: ['unavailable', 'The database cannot be reached; try again later'],
};

const ERROR: Schema = { $ref: '#/components/schemas/ErrorEnvelopeDto' };
const REQUEST_ID: Header = {
  description: 'Of this request, as in the log and the audit',
  schema: { type: 'string', example: '0199d2a8-5c1e-7b3a-9f00-3f6f1c9a2b11' },
};
const ETAG: Header = {
  description: 'Of what is answered: for If-Match of a change, and If-None-Match of the next read',
  schema: { type: 'string', example: '"7.Zk3x9Qw1LmNo"' },
};
const REPLAYED: Header = {
  description: 'true: this is the answer of the first request with this Idempotency-Key',
  schema: { type: 'string', enum: ['true'] },
};
const LANGUAGE: Header = {
  description: 'en or zh, after Accept-Language',
  schema: { type: 'string', example: 'en' },
};
const RETRY_AFTER: Header = { description: 'Seconds to wait', schema: { type: 'integer', example: 30 } };

/** Known without a word of the route's author. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  id: 'As a list, or the answer that made it, gives it',
  limit: 'Rows on a page',
  sessionId: 'As the list of sessions gives it',
  tokenId: 'As the list of tokens gives it',
  identityId: 'As the list of identities gives it',
  name: 'What it is called',
  role: 'Only those with this role',
  tier: 'Only those of this tier',
  enabled: 'true: only the enabled; false: only the disabled',
  target_id: 'Only acts on this thing',
  result: 'Only with this outcome',
  format: 'Form of the file',
};

/** Puts on an operation what follows from its method, path, permission and answers. */
export function completeOperation(route: Route, operation: Operation, schemas: Schemas): void {
  if (!route.path.startsWith('/api/')) return completeExamples(operation, schemas);
  const isKeyed =
    route.method === 'post' && operation['x-permission'] !== 'public' && !operation['x-shows-secret'];
  const hasVersion = Object.entries(operation.responses).some(
    ([status, answer]) => status.startsWith('2') && showsVersion(answer, schemas),
  );
  addParameters(operation, { isKeyed, isTagged: hasVersion && route.method === 'get' });
  for (const status of failuresOf(route, operation, isKeyed)) operation.responses[status] ??= {};
  if (hasVersion && route.method === 'get') {
    operation.responses['304'] = { description: 'As the answer with the ETag in If-None-Match' };
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (!answer) continue;
    completeAnswer(status, answer);
    const isSuccess = status.startsWith('2');
    if (isSuccess && showsVersion(answer, schemas)) answer.headers = { ...answer.headers, ETag: ETAG };
    if (isSuccess && isKeyed) answer.headers = { ...answer.headers, 'Idempotency-Replayed': REPLAYED };
  }
  completeExamples(operation, schemas);
}

function addParameters(operation: Operation, is: { isKeyed: boolean; isTagged: boolean }): void {
  const parameters = (operation.parameters ??= []);
  for (const parameter of parameters) parameter.description ??= DESCRIPTIONS[parameter.name];
  const addHeader = (name: string, description: string, example: string) =>
    parameters.push({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string', example },
    });
  if (is.isKeyed) {
    addHeader(
      'Idempotency-Key',
      'Made up by the client, e.g. a UUID; repeated within 24 hours it gets the first answer and changes nothing',
      '8e03978e-40d5-43e8-bc93-6894a57f9324',
    );
  }
  if (is.isTagged)
    addHeader(
      'If-None-Match',
      'ETag of the answer that you have: 304 when it still holds',
      '"7.Zk3x9Qw1LmNo"',
    );
}

function failuresOf({ path, method }: Route, operation: Operation, isKeyed: boolean): string[] {
  const permission = operation['x-permission'];
  const hasInput = (operation.parameters?.length ?? 0) > 0 || operation.requestBody !== undefined;
  const takesAuth = path.startsWith('/api/v1/auth/') && !(method === 'get' && permission !== 'public');
  return [
    ...(hasInput ? ['400'] : []),
    ...(permission === 'public' ? [] : ['401']),
    ...(permission === 'public' && method === 'get' ? [] : ['403']),
    ...(path.includes('{') ? ['404'] : []),
    ...(isKeyed ? ['409', '422'] : []),
    ...(operation.requestBody ? ['413', '415'] : []),
    ...(takesAuth ? ['429'] : []),
    '500',
    '503',
  ];
}

function completeAnswer(status: string, answer: Answer): void {
  answer.headers = { 'X-Request-Id': REQUEST_ID, ...answer.headers };
  const failure = FAILURES[status];
  if (!failure) {
    answer.description ||= status === '201' ? 'Made' : 'Done';
    return;
  }
  const [code, description] = failure;
  answer.description ||= description;
  answer.headers['Content-Language'] = LANGUAGE;
  if (status === '429') answer.headers['Retry-After'] = RETRY_AFTER;
  const content = ((answer.content ??= {})['application/json'] ??= { schema: ERROR });
  const details = status === '400' ? { details: [{ field: 'name', message: 'must not be empty' }] } : {};
  content.example ??= { success: false, message: description, error: { code, ...details } };
}

function completeExamples(operation: Operation, schemas: Schemas): void {
  const contents = [operation.requestBody, ...Object.values(operation.responses)].map(
    (part) => part?.content,
  );
  for (const content of contents.flatMap((found) => Object.values(found ?? {}))) {
    if (content.example === undefined && content.examples === undefined && content.schema) {
      content.example = exampleOf(content.schema, schemas);
    }
  }
}

function showsVersion(answer: Answer | undefined, schemas: Schemas): boolean {
  const schema = answer?.content?.['application/json']?.schema;
  const data = schema && resolve(schema, schemas).properties?.['data'];
  const properties = (data && resolve(data, schemas).properties) ?? {};
  return [properties['version'], properties['row_version']].some((found) =>
    ['number', 'integer'].includes(String(found?.type)),
  );
}
