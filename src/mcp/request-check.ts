import { isSpecType } from '@modelcontextprotocol/server';
import { cutText } from '../platform/cut-text.js';
import { isPlainObject } from '../platform/plain-object.js';
import { isExactNumber } from './exact-number.js';
import { isLoggingLevel, LOG_LEVELS } from './log-levels.js';
import { BATCH_VERSION } from './protocol-versions.js';

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
    const isToken =
      token === undefined || typeof token === 'string' || Number.isSafeInteger(token) || isExactNumber(token);
    if (!isToken) return 'params._meta.progressToken must be a string or an integer';
  }
  switch (method) {
    case 'tools/call':
      return faultOfCall(rest);
    case 'tools/list':
      return rest['cursor'] === undefined || typeof rest['cursor'] === 'string'
        ? null
        : 'params.cursor must be a string';
    case 'initialize':
      return faultOfInitialize(rest);
    case 'logging/setLevel':
      return isLoggingLevel(rest['level']) ? null : `params.level must be one of ${LOG_LEVELS.join(', ')}`;
    case 'subscriptions/listen':
      return faultOfFilter(rest['notifications']);
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

const FLAGS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'];

/** @see MCP 2026-07-28, schema: `SubscriptionFilter` */
function faultOfFilter(filter: unknown): string | null {
  if (!isPlainObject(filter)) return 'params.notifications must be an object';
  const wrong = FLAGS.find((name) => filter[name] !== undefined && typeof filter[name] !== 'boolean');
  if (wrong !== undefined) return `params.notifications.${wrong} must be true or false`;
  const { resourceSubscriptions: uris = [] } = filter;
  const isList = Array.isArray(uris) && uris.every(isString);
  return isList ? null : 'params.notifications.resourceSubscriptions must be a list of texts';
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
