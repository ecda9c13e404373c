import { isDeepStrictEqual, styleText } from 'node:util';
import { GROUP_DEFAULTS, KEY_DEFAULTS, TOOL_DEFAULTS } from './configuration-file.js';
import type { Change, ChangeKind, FieldChange } from './plan.js';

const SIGNS = { create: '+', update: '~', delete: '-' } as const;
const COLOURS = { create: 'green', update: 'yellow', delete: 'red' } as const;
const DEFAULTS: Readonly<Record<ChangeKind, Readonly<Record<string, unknown>>>> = {
  group: GROUP_DEFAULTS,
  tool: TOOL_DEFAULTS,
  key: KEY_DEFAULTS,
};

export type TextOptions = { readonly colour: boolean };

/** The changes for a person to read, one thing a line, its settings below it. */
export function changesText(changes: readonly Change[], { colour }: TextOptions): string {
  if (changes.length === 0) return 'Nothing to do: everything is as the file says\n';
  const paint = (action: Change['action'], text: string) =>
    colour ? styleText(COLOURS[action], text, { validateStream: false }) : text;
  const lines = changes.flatMap((change) => [
    paint(change.action, headline(change)),
    ...change.fields.filter((field) => isTelling(change, field)).map(fieldLine),
  ]);
  return `${lines.join('\n')}\n\n${summary(changes)}\n`;
}

function headline({ action, kind, group, name }: Change): string {
  const what = name === null ? `group ${group}` : `${kind} ${name} of group ${group}`;
  return `${SIGNS[action]} ${what}`;
}

/** Of a new thing only what is not its default anyway. */
function isTelling({ action, kind }: Change, { field, after }: FieldChange): boolean {
  return action !== 'create' || !isDeepStrictEqual(after, DEFAULTS[kind][field]);
}

function fieldLine(change: FieldChange): string {
  const before = 'before' in change ? `${JSON.stringify(change.before)} → ` : '';
  return `    ${change.field}: ${before}${JSON.stringify(change.after)}`;
}

function summary(changes: readonly Change[]): string {
  const count = (action: Change['action']) => changes.filter((change) => change.action === action).length;
  return `${count('create')} to create, ${count('update')} to change, ${count('delete')} to delete`;
}
