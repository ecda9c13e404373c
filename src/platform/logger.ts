import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { currentScope } from './request-scope.js';
import { replaceSecrets } from './secrets/redact.js';

/** Fields that are always blanked: what is to be read needs another name. `detail` and `parameters` of database errors repeat the row's values. */
export const SECRET_FIELDS = [
  'password',
  'key',
  'token',
  'secret',
  'authorization',
  'cookie',
  'x-api-key',
  'detail',
  'parameters',
];

const REPLACEMENT = '[REDACTED]';

/** Nest's own running commentary on its start; of use only to who debugs it. */
const FRAMEWORK_CONTEXTS = [
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
];

/**
 * The service's log: one JSON line per event, or readable text when a person watches on a terminal. Give it fields by an
 * object (`logger.warn({ message, groupId })`): they become fields of the line. A line that
 * belongs to a request has its id. Secrets are blanked out as a last line of
 * defence; code that logs must not pass any.
 */
export class AppLogger extends ConsoleLogger {
  constructor(level: LogLevel, readable: boolean = process.stdout.isTTY) {
    super({
      logLevels: [level],
      json: !readable,
      prefix: 'Toolcrib',
      compact: true,
      redact: SECRET_FIELDS,
    });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (FRAMEWORK_CONTEXTS.includes(String(rest.at(-1)))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  protected override stringifyJsonLogObject(logObject: Record<string, unknown>): string {
    const { pid, timestamp, message, ...event } = logObject;
    const isObject = typeof message === 'object' && message !== null && !Array.isArray(message);
    const time = new Date(Number(timestamp)).toISOString();
    const fields = isObject ? message : { message };
    const requestId = currentScope()?.requestId;
    const work = requestId ? { request_id: requestId } : {};
    return replaceSecrets(
      super.stringifyJsonLogObject({ time, ...event, ...fields, ...work, pid }),
      REPLACEMENT,
    );
  }

  protected override stringifyMessage(message: unknown, level: LogLevel): string {
    const requestId = currentScope()?.requestId;
    const work = requestId ? ` (request ${requestId})` : '';
    return replaceSecrets(`${super.stringifyMessage(message, level)}${work}`, REPLACEMENT);
  }
}
