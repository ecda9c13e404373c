import { isDeepStrictEqual } from 'node:util';
import { type ConfigurationFile, type GroupSettings, KEY_DEFAULTS, KEY_NAME } from './configuration-file.js';

export type ChangeKind = 'group' | 'tool' | 'key';
export type ChangeAction = 'create' | 'update' | 'delete';

/** `before` is absent for what is new. */
export type FieldChange = { readonly field: string; readonly before?: unknown; readonly after: unknown };

/** One step from what is to what the file says. */
export type Change = {
  readonly action: ChangeAction;
  readonly kind: ChangeKind;
  /** The server_code. */
  readonly group: string;
  /** Of the tool or key; null: the group itself. */
  readonly name: string | null;
  readonly fields: readonly FieldChange[];
};

type Settings = Readonly<Record<string, unknown>>;
type Section = Readonly<Record<string, Settings>>;

/** The parts of a group that hold things by name, and what such a thing is called. */
export const SECTIONS = { tools: 'tool', keys: 'key' } as const satisfies Partial<
  Record<keyof GroupSettings, ChangeKind>
>;
export type SectionName = keyof typeof SECTIONS;
/** What a new group comes with when the file does not say: the same as over REST. */
const FIRST: Readonly<Record<SectionName, Section>> = { tools: {}, keys: { [KEY_NAME]: KEY_DEFAULTS } };
const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

/**
 * The steps that lead from `current` to `wanted`; none when they say the same. Groups come by code, in each its own
 * settings first.
 *
 * @param current All groups of the tenant, with every section.
 */
export function planChanges(current: ConfigurationFile, wanted: ConfigurationFile): Change[] {
  const codes = new Set([
    ...Object.keys(wanted.groups),
    ...(wanted.prune ? Object.keys(current.groups) : []),
  ]);
  return [...codes]
    .toSorted()
    .flatMap((code) => planGroup(code, find(current.groups, code), find(wanted.groups, code)));
}

function planGroup(
  group: string,
  current: GroupSettings | undefined,
  wanted: GroupSettings | undefined,
): Change[] {
  if (!wanted) return [{ action: 'delete', kind: 'group', group, name: null, fields: [] }];
  const own = planOne(
    { kind: 'group', group, name: null },
    current && ownSettings(current),
    ownSettings(wanted),
  );
  const sections = SECTION_NAMES.flatMap((section) =>
    planSection(
      group,
      SECTIONS[section],
      current?.[section] ?? {},
      wanted[section] ?? (current ? undefined : FIRST[section]),
    ),
  );
  return [...own, ...sections];
}

/** A section that the file leaves out is not managed by it. */
function planSection(
  group: string,
  kind: ChangeKind,
  current: Section,
  wanted: Section | undefined,
): Change[] {
  if (!wanted) return [];
  const names = new Set([...Object.keys(current), ...Object.keys(wanted)]);
  return [...names]
    .toSorted()
    .flatMap((name) => planOne({ kind, group, name }, find(current, name), find(wanted, name)));
}

function planOne(
  target: Pick<Change, 'kind' | 'group' | 'name'>,
  current: Settings | undefined,
  wanted: Settings | undefined,
): Change[] {
  if (!wanted) return current ? [{ action: 'delete', ...target, fields: [] }] : [];
  const fields = Object.entries(wanted).flatMap(([field, after]): FieldChange[] => {
    if (!current) return [{ field, after }];
    const before = current[field];
    return isDeepStrictEqual(before, after) ? [] : [{ field, before, after }];
  });
  if (!current) return [{ action: 'create', ...target, fields }];
  return fields.length > 0 ? [{ action: 'update', ...target, fields }] : [];
}

/** A group's settings without its sections. */
export function ownSettings(group: GroupSettings): Settings {
  const sections: readonly string[] = SECTION_NAMES;
  return Object.fromEntries(Object.entries(group).filter(([name]) => !sections.includes(name)));
}

/** Names come from a file: `constructor` is a fine server_code and must not find what every object has. */
export function find<T>(things: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(things, name) ? things[name] : undefined;
}
