import type { JsonObject } from '../../tools/tool-definition.js';
import { type ConvertedOperation, convertDocument } from './convert.js';

const OBJECT = 'application/json';

function operationOf(
  operation: JsonObject,
  components: JsonObject = {},
  path = '/things',
): ConvertedOperation {
  const document = {
    openapi: '3.1.0',
    info: { title: 'T', version: '1' },
    paths: { [path]: operation },
    components,
  };
  return convertDocument(JSON.stringify(document)).operations[0];
}

function bodyTool(schema: unknown, schemas: JsonObject = {}): JsonObject {
  const post = { requestBody: { required: true, content: { [OBJECT]: { schema } } }, responses: {} };
  return operationOf({ post }, { schemas }).definition.inputSchema;
}

function answerTool(schema: unknown, schemas: JsonObject = {}): JsonObject | undefined {
  const get = { responses: { 200: { description: 'ok', content: { [OBJECT]: { schema } } } } };
  return operationOf({ get }, { schemas }).definition.outputSchema;
}

describe('reading a document', () => {
  it.each([
    ['', 'The document is empty'],
    ['{"openapi": ', 'The document is not JSON'],
    ['<!doctype html><html></html>', 'The document is a page, not OpenAPI'],
    ['[]', 'The document is a list, not an object'],
    ['{"a": 1}', 'The document says no version'],
    ['{"swagger": "1.2"}', 'The document is of version "1.2"'],
    ['{"asyncapi": "2.0.0"}', 'AsyncAPI'],
    ['{"info": {"_postman_id": "x"}}', 'Postman collection'],
    ['{"openapi": "3.1.0", "webhooks": {}}', 'only webhooks'],
    ['a: &a [*a]\nb: [', 'neither JSON nor YAML'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => convertDocument(text)).toThrow(message);
  });

  it('ends for a document of YAML whose anchors would become gigabytes', () => {
    const lines = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}]`);
    expect(() => convertDocument(`openapi: 3.0.0\nl0: &l0 lol\n${lines.join('\n')}`)).toThrow(
      'neither JSON nor YAML',
    );
  });

  it('leaves out what is broken, and nothing else', () => {
    const get = { responses: {} };
    const paths = { '/a': { get, post: 7 }, '/b': { $ref: '#/nowhere' }, c: { get }, '/d': null, 'x-y': {} };
    const { operations } = convertDocument(JSON.stringify({ openapi: '3.0.0', paths }));
    expect(operations.map(({ ownName }) => ownName)).toEqual(['GET /a']);
  });
});

describe('the name of a tool', () => {
  const names = (ids: readonly (string | undefined)[]) => {
    const paths = Object.fromEntries(ids.map((operationId, at) => [`/p${at}`, { get: { operationId } }]));
    return convertDocument(JSON.stringify({ openapi: '3.0.0', paths })).operations.map(
      ({ toolName }) => toolName,
    );
  };

  it('is the operationId in characters that all clients take, else method and path', () => {
    expect(names(['repos/get-content', 'get pet.byId', '2fa', undefined, '宠物'])).toEqual([
      'repos_get-content',
      'get_pet_byId',
      'op_2fa',
      'GET_p3',
      expect.stringMatching(/^t_\w+$/),
    ]);
  });

  it('ends with a hash of method and path where it is too long, or taken', () => {
    const long = 'list_all_the_accepted_assignments_for_a_classroom_of_an_organisation';
    expect(names([long, 'same', 'SAME'])).toEqual([
      expect.stringMatching(/^list_all_the_accepted_assignments_f_[0-9a-f]{8}$/),
      expect.stringMatching(/^same_[0-9a-f]{8}$/),
      expect.stringMatching(/^SAME_[0-9a-f]{8}$/),
    ]);
  });

  it('stays when the document is read again, whatever came to it', () => {
    const paths = { '/b': { get: { operationId: 'same' } }, '/a': { get: { operationId: 'same' } } };
    const { operations } = convertDocument(JSON.stringify({ openapi: '3.0.0', paths }), {
      known: [['GET /a', 'same']],
    });
    expect(operations.map(({ toolName }) => toolName)).toEqual([expect.stringMatching(/^same_/), 'same']);
  });
});

describe('arguments', () => {
  it('are the parameters and the fields of the body side by side, with a new name where two have one', () => {
    const { definition, recipe } = operationOf(
      {
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer' }, description: 'Which one' },
        ],
        put: {
          parameters: [{ name: 'filter[name]', in: 'query', schema: { type: 'string', default: 'x' } }],
          requestBody: {
            required: true,
            content: {
              [OBJECT]: {
                schema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
              },
            },
          },
        },
      },
      {},
      '/things/{id}',
    );
    expect(definition.inputSchema).toEqual({
      type: 'object',
      properties: {
        filter_name: { type: 'string', default: 'x', description: 'filter[name] (in the query)' },
        id: { type: 'integer', description: 'Which one' },
        id_2: { type: 'string' },
      },
      required: ['id', 'id_2'],
      additionalProperties: false,
    });
    expect(recipe.body?.fields).toEqual({ id_2: 'id' });
  });

  it('are one, the body, where that is no object of known fields', () => {
    expect(bodyTool({ type: 'array', items: { type: 'string' } })['properties']).toEqual({
      body: { type: 'array', items: { type: 'string' }, description: 'The body of the request' },
    });
    expect(
      bodyTool({ type: 'object', additionalProperties: { type: 'integer' } })['properties'],
    ).toMatchObject({
      body: { type: 'object', additionalProperties: { type: 'integer' } },
    });
  });

  it('lack what only answers have, required or not', () => {
    const pet = {
      type: 'object',
      required: ['id', 'name'],
      properties: { id: { $ref: '#/components/schemas/Id' }, name: { type: 'string' } },
    };
    const Id = { type: 'integer', readOnly: true };
    expect(bodyTool(pet, { Id })).toMatchObject({
      properties: { name: { type: 'string' } },
      required: ['name'],
    });
    expect(Object.keys(bodyTool(pet, { Id })['properties'] as object)).toEqual(['name']);
  });

  it('become one object where several forms are allowed, the discriminator a list of values', () => {
    const schemas = {
      Pet: {
        oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
        discriminator: { propertyName: 'kind', mapping: { cat: '#/components/schemas/Cat', dog: 'Dog' } },
      },
      Cat: {
        type: 'object',
        description: 'Meows',
        required: ['kind', 'lives'],
        properties: { kind: { type: 'string' }, lives: { type: 'integer' } },
      },
      Dog: {
        type: 'object',
        required: ['kind'],
        properties: { kind: { type: 'string' }, name: { type: 'string', description: 'Its name' } },
      },
    };
    expect(
      bodyTool({ type: 'object', properties: { pet: { $ref: '#/components/schemas/Pet' } } }, schemas),
    ).toMatchObject({
      properties: {
        pet: {
          type: 'object',
          description: 'cat needs lives.',
          properties: {
            kind: { type: 'string', enum: ['cat', 'dog'], description: 'Says which kind it is. cat: Meows.' },
            lives: { type: 'integer', description: 'Only for cat.' },
            name: { type: 'string', description: 'Only for dog. Its name.' },
          },
          required: ['kind'],
        },
      },
    });
  });

  it('know the kinds of a schema that others extend', () => {
    const Base = {
      type: 'object',
      discriminator: { propertyName: 'type' },
      required: ['type'],
      properties: { type: { type: 'string' } },
    };
    const schemas = {
      Base,
      A: {
        allOf: [
          { $ref: '#/components/schemas/Base' },
          { type: 'object', properties: { a: { type: 'string' } } },
        ],
      },
    };
    expect(bodyTool({ $ref: '#/components/schemas/Base' }, schemas)).toMatchObject({
      properties: { type: { enum: ['A'] }, a: { type: 'string' } },
    });
  });

  it.each([
    [
      'the text of "text or number"',
      { oneOf: [{ type: 'string' }, { type: 'integer' }] },
      { type: 'string' },
    ],
    [
      'a list of "one or a list"',
      { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      { type: 'array' },
    ],
    [
      'the number of "integer or number"',
      { anyOf: [{ type: 'integer' }, { type: 'number' }] },
      { type: 'number' },
    ],
    [
      'all values of several lists',
      { oneOf: [{ enum: ['a'] }, { const: 'b' }] },
      { type: 'string', enum: ['a', 'b'] },
    ],
    [
      'both of "a value or a number"',
      { anyOf: [{ type: 'string', enum: ['auto'] }, { type: 'integer' }] },
      { type: ['string', 'integer'] },
    ],
    ['one type without null (3.1)', { type: ['string', 'null'] }, { type: 'string' }],
    ['one type without null (anyOf)', { anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: 'string' }],
    [
      'more than (3.0)',
      { type: 'integer', minimum: 0, exclusiveMinimum: true },
      { type: 'integer', exclusiveMinimum: 0 },
    ],
    [
      'fields of all parts',
      { allOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'string' } } }] },
      { type: 'object', properties: { a: {}, b: {} } },
    ],
    [
      'texts for values that YAML made something else',
      { type: 'string', enum: [1, true] },
      { type: 'string', enum: ['1', 'true'] },
    ],
    ['no pattern that could run for ever', { type: 'string', pattern: '(?=a)b' }, { type: 'string' }],
  ])('have %s', (_what, schema, expected) => {
    const { x } = bodyTool({ type: 'object', properties: { x: schema } })['properties'] as Record<
      string,
      JsonObject
    >;
    expect(x).toMatchObject(expected);
    expect(x).not.toHaveProperty('pattern');
  });

  it('end where a schema stands within itself, with a text', () => {
    const Node = {
      type: 'object',
      properties: { name: { type: 'string' }, child: { $ref: '#/components/schemas/Node' } },
    };
    const text = JSON.stringify(bodyTool({ $ref: '#/components/schemas/Node' }, { Node }));
    expect(text.match(/"name"/g)).toHaveLength(2);
    expect(text).toContain('Its fields are not described here');
  });

  it('of a schema that would grow for ever stay small', () => {
    const names = Array.from({ length: 12 }, (_, at) => `S${at}`);
    const properties = Object.fromEntries(
      names.map((name) => [name, { $ref: `#/components/schemas/${name}` }]),
    );
    const schemas = Object.fromEntries(names.map((name) => [name, { type: 'object', properties }]));
    expect(JSON.stringify(bodyTool({ $ref: '#/components/schemas/S0' }, schemas)).length).toBeLessThan(
      200_000,
    );
  });

  it('get a file as text, data URI or handle', () => {
    const schema = { type: 'object', properties: { photo: { type: 'string', format: 'binary' } } };
    const post = { requestBody: { content: { 'multipart/form-data': { schema } } } };
    const { definition, recipe } = operationOf({ post });
    expect(definition.inputSchema).toMatchObject({
      properties: { photo: { description: expect.stringContaining('data:<media type>') } },
    });
    expect(recipe.body).toMatchObject({ kind: 'multipart', files: ['photo'] });
  });
});

describe('the promise of a result', () => {
  it('has types and words, no limits: an API that gives a null or leaves out a field is not broken by that', () => {
    const schema = {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'integer', minimum: 1 }, secret: { type: 'string', writeOnly: true } },
    };
    expect(answerTool(schema)).toEqual({ type: 'object', properties: { id: { type: ['integer', 'null'] } } });
  });

  it('wraps a list', () => {
    expect(answerTool({ type: 'array', items: { type: 'string' } })).toEqual({
      type: 'object',
      properties: { result: { type: 'array', items: { type: ['string', 'null'] } } },
      required: ['result'],
    });
  });

  it('is not made where not every good answer keeps it', () => {
    const content = { [OBJECT]: { schema: { type: 'object', properties: { a: { type: 'string' } } } } };
    const get = { responses: { 200: { content }, 202: { description: 'later' } } };
    expect(operationOf({ get }).definition.outputSchema).toBeUndefined();
    expect(answerTool({ type: 'string' })).toBeUndefined();
  });

  it('loses levels rather than being long', () => {
    const wide = (depth: number): JsonObject => ({
      type: 'object',
      properties: Object.fromEntries(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [
          name,
          depth === 0 ? { type: 'string' } : wide(depth - 1),
        ]),
      ),
    });
    expect(JSON.stringify(answerTool(wide(4))).length).toBeLessThan(8192);
  });
});

describe('what an agent is told', () => {
  it('is the summary and the description without HTML, and that there are pages', () => {
    const parameters = ['page', 'per_page'].map((name) => ({
      name,
      in: 'query',
      schema: { type: 'integer' },
    }));
    const get = {
      summary: 'Lists things',
      description: '<p>All &amp; sundry.</p>',
      deprecated: true,
      parameters,
    };
    expect(operationOf({ get }).definition.description).toBe(
      'Deprecated: use something else where you can.\nLists things.\nAll & sundry.\nAnswers in pages: ask for more by `page`, for fewer at once by `per_page`.',
    );
  });

  it('is that reading changes nothing, and that the rest may', () => {
    const annotations = (method: string) => operationOf({ [method]: {} }).definition.annotations;
    expect(annotations('get')).toMatchObject({ readOnlyHint: true });
    expect(annotations('head')).toMatchObject({ readOnlyHint: true });
    expect(annotations('delete')).toMatchObject({ readOnlyHint: false, destructiveHint: true });
    expect(annotations('put')).not.toHaveProperty('idempotentHint');
  });
});

describe('Swagger 2.0', () => {
  it('is read as OpenAPI 3 would say it', () => {
    const document = {
      swagger: '2.0',
      host: 'api.example.com',
      basePath: '/v1',
      schemes: ['http', 'https'],
      consumes: ['application/json'],
      produces: ['application/xml', 'application/json'],
      securityDefinitions: {
        key: { type: 'apiKey', in: 'header', name: 'X-Key' },
        o: { type: 'oauth2', flow: 'application', tokenUrl: 'https://t/', scopes: { a: '' } },
      },
      security: [{ key: [] }],
      paths: {
        '/pets': {
          get: {
            parameters: [
              {
                name: 'tags',
                in: 'query',
                type: 'array',
                items: { type: 'string' },
                collectionFormat: 'pipes',
              },
            ],
            responses: { 200: { schema: { $ref: '#/definitions/Pet' } } },
          },
          post: {
            parameters: [
              { name: 'photo', in: 'formData', type: 'file', required: true },
              { name: 'n', in: 'formData', type: 'integer' },
            ],
          },
          put: { parameters: [{ name: 'b', in: 'body', schema: { $ref: '#/definitions/Pet' } }] },
        },
      },
      definitions: { Pet: { type: 'object', properties: { name: { type: 'string' } } } },
    };
    const { operations, servers, schemes } = convertDocument(JSON.stringify(document));
    expect(servers.map(({ url }) => url)).toEqual([
      'https://api.example.com/v1',
      'http://api.example.com/v1',
    ]);
    expect(schemes).toEqual({
      key: { kind: 'api_key', in: 'header', name: 'X-Key' },
      o: { kind: 'oauth2', tokenUrl: 'https://t/', scopes: ['a'] },
    });
    const [get, put, post] = operations;
    expect(get?.recipe).toMatchObject({
      parameters: [{ style: 'pipeDelimited', explode: false }],
      security: [{ key: [] }],
      answerType: 'application/json',
    });
    expect(get?.definition.outputSchema).toMatchObject({ properties: { name: {} } });
    expect(put?.recipe.body).toMatchObject({ kind: 'json', fields: { name: 'name' } });
    expect(post?.recipe.body).toMatchObject({
      kind: 'multipart',
      files: ['photo'],
      fields: { photo: 'photo', n: 'n' },
    });
  });
});
