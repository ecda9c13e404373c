/** A call as collectors get it. Without payloads `arguments` and `result` are not there. */
export type ForwardedCall = {
  readonly id: string;
  readonly tenantId: string;
  readonly createdAt: Date;
  readonly groupId: string;
  readonly toolName: string;
  readonly callerAppId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly era: string;
  readonly transport: string;
  readonly isTest: boolean;
  readonly success: boolean;
  readonly errorKind: string | null;
  readonly durationMs: number;
  /** JSON text. */
  readonly arguments?: string | null;
  /** JSON text. */
  readonly result?: string | null;
};

/** The fields of a call, by the names that the REST API gives them; what is null is left out. */
export function fieldsOf(call: ForwardedCall): [name: string, value: string | number | boolean][] {
  const fields: [string, string | number | boolean | null | undefined][] = [
    ['id', call.id],
    ['tenant_id', call.tenantId],
    ['group_id', call.groupId],
    ['tool_name', call.toolName],
    ['caller_app_id', call.callerAppId],
    ['key_id', call.keyId],
    ['user_id', call.userId],
    ['era', call.era],
    ['transport', call.transport],
    ['is_test', call.isTest],
    ['success', call.success],
    ['error_kind', call.errorKind],
    ['duration_ms', call.durationMs],
    ['request_data', call.arguments],
    ['response_data', call.result],
  ];
  return fields.flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]]));
}

/** For people: what happened, in a line. */
export function summaryOf({ toolName, success, errorKind, durationMs }: ForwardedCall): string {
  return `${toolName} ${success ? 'succeeded' : `failed (${errorKind ?? 'unknown'})`} in ${durationMs.toFixed(1)} ms`;
}
