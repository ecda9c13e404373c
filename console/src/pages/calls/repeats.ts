import type { Schemas } from '../../api/client';

export type Call = Schemas['CallLogDto'];
export type Shown = Call & {
  /** How many calls the row stands for, one after the other. */
  readonly count: number;
};

/** Calls that differ in their time only, one after the other, become one row: the latest. A run never mixes success and failure. */
export function withRepeats(calls: readonly Call[], isGrouped: boolean): Shown[] {
  const shown: { -readonly [K in keyof Shown]: Shown[K] }[] = [];
  for (const call of calls) {
    const last = shown.at(-1);
    if (isGrouped && last && isRepeat(last, call)) last.count++;
    else shown.push({ ...call, count: 1 });
  }
  return shown;
}

function isRepeat(one: Call, other: Call): boolean {
  return (
    one.tool_name === other.tool_name &&
    one.success === other.success &&
    one.error_kind === other.error_kind &&
    one.error_message === other.error_message &&
    one.group_id === other.group_id &&
    one.key_id === other.key_id &&
    one.caller_app_id === other.caller_app_id
  );
}
