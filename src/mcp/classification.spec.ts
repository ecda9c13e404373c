import { describe, expect, it } from '@jest/globals';
import { classifyInboundRequest } from '@modelcontextprotocol/server';
import { classify } from './classification.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const INFO = 'io.modelcontextprotocol/clientInfo';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const envelope = (changes: object = {}) => ({
  [VERSION]: '2026-07-28',
  [INFO]: { name: 'a', version: '1' },
  [CAPABILITIES]: {},
  ...changes,
});
const call = (meta?: object, changes: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'echo', ...(meta && { _meta: meta }) },
  ...changes,
});

const BODIES: Readonly<Record<string, unknown>> = {
  'a modern call': call(envelope()),
  'another client': call(envelope({ [INFO]: { name: 'b', version: '1' } })),
  'a call of another tool': call(envelope(), { params: { name: 'other', _meta: envelope() } }),
  'a text for an id': call(envelope(), { id: 'x' }),
  'no client name': call(envelope({ [INFO]: { version: '1' } })),
  'no client info': call(envelope({ [INFO]: undefined })),
  'capabilities that are none': call(envelope({ [CAPABILITIES]: 'all' })),
  'a revision that is not known': call(envelope({ [VERSION]: '2099-01-01' })),
  'an older revision': call(envelope({ [VERSION]: '2025-06-18' })),
  'a progress token': call({ ...envelope(), progressToken: 1 }),
  'a progress token that is none': call({ ...envelope(), progressToken: {} }),
  'a legacy call': call(),
  'a legacy call with a progress token': call({ progressToken: 1 }),
  'an empty envelope': call({}),
  'an envelope that is a list': call([] as object),
  'no params': { jsonrpc: '2.0', id: 1, method: 'tools/list' },
  'params that are a list': call(undefined, { params: [] }),
  'no id': { jsonrpc: '2.0', method: 'notifications/initialized', params: {} },
  'a broken id': call(envelope(), { id: 1.5 }),
  'null for an id': call(envelope(), { id: null }),
  'no method': call(envelope(), { method: undefined }),
  'a method that is a number': call(envelope(), { method: 5 }),
  'JSON-RPC 1.0': call(envelope(), { jsonrpc: '1.0' }),
  'a member too many': call(envelope(), { extra: 1 }),
  'a request that is a result, too': call(envelope(), { result: {} }),
  'a result': { jsonrpc: '2.0', id: 1, result: {} },
  'an error': { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
  initialize: call(undefined, { method: 'initialize', params: { protocolVersion: '2025-06-18' } }),
  'a batch': [call()],
  'no object': 'x',
  nothing: null,
};
const HEADERS = [
  {},
  { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' },
  { 'mcp-protocol-version': ' 2026-07-28 ', 'mcp-method': 'tools/list' },
  { 'mcp-protocol-version': '2025-06-18' },
  { 'mcp-protocol-version': '2099-01-01' },
];

describe('classify', () => {
  it.each(Object.entries(BODIES))('says of %s what the SDK says, the second time, too', (_name, body) => {
    for (const headers of HEADERS) {
      const said = classifyInboundRequest({
        httpMethod: 'POST',
        protocolVersionHeader: headers['mcp-protocol-version'],
        mcpMethodHeader: headers['mcp-method'],
        mcpNameHeader: headers['mcp-name'],
        body,
      });
      expect(classify(headers, body)).toEqual(said);
      expect(classify(headers, structuredClone(body))).toEqual(said);
    }
  });

  it('gives back the message that came', () => {
    const headers = HEADERS[1];
    const [first, second] = [call(envelope()), call(envelope(), { id: 2 })];
    expect(classify(headers, first)).toMatchObject({ kind: 'modern', message: { id: 1 } });
    expect(classify(headers, second)).toMatchObject({ kind: 'modern', message: { id: 2 } });
  });
});
