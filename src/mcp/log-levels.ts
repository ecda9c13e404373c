import type { LoggingLevel } from '@modelcontextprotocol/server';

/** RFC 5424, least severe first. */
export const LOG_LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

export function isLoggingLevel(value: unknown): value is LoggingLevel {
  return LOG_LEVELS.includes(value as string);
}

/** Whether a message of this level is for a client that wants to hear from `least` up. */
export function isSevere(level: string, least: string): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
