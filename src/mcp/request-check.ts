import { isSpecType } from '@modelcontextprotocol/server';
import { isPlainObject } from '../platform/plain-object.js';
import { cutText } from '../platform/cut-text.js';

/** The last revision with JSON-RPC batches, and what a request without a version header is taken for. */
export const BATCH_VERSION = '2025-03-26';

/** What is wrong with sending this batch under this revision, or null. */
export function faultOfBatch(messages: readonly unknown[], version: string, limit: number): string | null {
  if (version !== BATCH_VERSION && version !== '2024-11-05') {
    return `Bad Request: protocol revision ${cutText(version, 32)} has no JSON-RPC batches`;
  }
  return messages.length > limit ? `Bad Request: a batch may hold at most ${limit} messages` : null;
}

/**
 * What is wrong with the params of a request we answer ourselves, or null. Checked once in front of both lanes, because
 * each would say it in its own words.
 */
export function faultOf(method: string, params: unknown): string | null {
  if (params !== undefined && !isPlainObject(params)) return 'params must be an object';
  const { _meta: meta, ...rest } = params ?? {};
  if (meta !== undefined) {
    if (!isPlainObject(meta)) return 'params._meta must be an object';
    const token = meta['progressToken'];
    const isToken = token === undefined || typeof token === 'string' || Number.isInteger(token);
    if (!isToken) return 'params._meta.progressToken must be a string or an integer';
  }
  switch (method) {
    case 'tools/call':
      return faultOfCall(rest);
    case 'tools/list':
      return rest['cursor'] === undefined || typeof rest['cursor'] === 'string'
        ? null
        : 'params.cursor must be a string';
    case 'logging/setLevel':
      return isSpecType.LoggingLevel(rest['level'])
        ? null
        : 'params.level must be one of debug, info, notice, warning, error, critical, alert, emergency';
    case 'initialize':
      return faultOfInitialize(rest);
    default:
      return null;
  }
}

function faultOfCall(params: Record<string, unknown>): string | null {
  if (typeof params['name'] !== 'string') return 'params.name must be the name of a tool, a string';
  if (params['arguments'] !== undefined && !isPlainObject(params['arguments'])) {
    return 'params.arguments must be an object';
  }
  if (params['task'] !== undefined && !isPlainObject(params['task'])) return 'params.task must be an object';
  const { requestState } = params;
  if (requestState !== undefined && typeof requestState !== 'string')
    return 'params.requestState must be a string';
  return null;
}

function faultOfInitialize(params: Record<string, unknown>): string | null {
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== 'string') return 'params.protocolVersion must be a string';
  if (!isPlainObject(capabilities)) return 'params.capabilities must be an object';
  const named = isPlainObject(clientInfo) && [clientInfo['name'], clientInfo['version']].every(isString);
  if (!named) return 'params.clientInfo must be an object with name and version';
  return isSpecType.InitializeRequestParams(params)
    ? null
    : 'params are not those of initialize; see capabilities and clientInfo';
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
