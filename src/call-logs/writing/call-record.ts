import { redactText, toLogJson } from '../../platform/secrets/redact.js';
import type { CallErrorKind } from '../chain/call-log.entity.js';
import { cutText } from '../../platform/cut-text.js';

/** One call to be recorded, before redaction. */
export type CallRecord = {
  readonly id: string;
  readonly createdAt: Date;
  readonly tenantId: string;
  readonly groupId: string;
  readonly toolName: string;
  readonly toolId: string | null;
  readonly callerAppId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly era: string;
  readonly transport: 'streamable_http' | 'sse' | 'websocket' | 'stdio' | 'rest';
  readonly isTest: boolean;
  readonly request: unknown;
  readonly response: unknown;
  readonly success: boolean;
  readonly errorKind: CallErrorKind | null;
  readonly errorMessage: string | null;
  readonly durationMs: number;
};

/** A record exactly as it will lie in the table: secrets replaced, cut, payload as JSON text. */
export type StoredRecord = Omit<CallRecord, 'request' | 'response'> & {
  readonly request: string | null;
  readonly response: string | null;
};

const ERROR_MESSAGE_MAX = 4000; // characters
const TOOL_NAME_MAX = 128;
const CALLER_APP_MAX = 100;

/** What is hashed is what this gives, so nothing may change it on its way into the table. */
export function toStored(record: CallRecord, maxBytes: number): StoredRecord {
  return {
    ...record,
    // A replaced secret can be longer than the secret.
    toolName: cutText(redactText(record.toolName), TOOL_NAME_MAX),
    callerAppId: record.callerAppId === null ? null : cutText(redactText(record.callerAppId), CALLER_APP_MAX),
    request: toLogJson(record.request, maxBytes),
    response: toLogJson(record.response, maxBytes),
    errorMessage:
      record.errorMessage === null ? null : redactText(cutText(record.errorMessage, ERROR_MESSAGE_MAX)),
    durationMs: Math.fround(record.durationMs), // the column is a real: its text is then read back as the same number
  };
}
