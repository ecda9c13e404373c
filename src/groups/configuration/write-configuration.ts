import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Document } from 'yaml';
import {
  type ConfigurationFile,
  GROUP_DEFAULTS,
  KEY_DEFAULTS,
  SCHEMA_PATH,
  TOOL_DEFAULTS,
} from './configuration-file.js';
import { ownSettings } from './plan.js';

type Plain = Readonly<Record<string, unknown>>;

const LINE_WIDTH = 120;

/** The configuration with all that has its default left out, so that the file shows what was decided. */
export function withoutDefaults({ groups }: ConfigurationFile): Plain {
  const shown = Object.entries(groups).map(([code, group]) => [
    code,
    {
      ...differing(ownSettings(group), GROUP_DEFAULTS),
      tools: eachDiffering(group.tools ?? {}, TOOL_DEFAULTS),
      keys: eachDiffering(group.keys ?? {}, KEY_DEFAULTS),
    },
  ]);
  return { version: 1, groups: Object.fromEntries(shown) as Plain };
}

/** The same text for the same configuration, always: groups and tools by name, settings in the schema's order. */
export function writeYaml(file: ConfigurationFile, publicUrl: string): string {
  const document = new Document(withoutDefaults(file), { aliasDuplicateObjects: false });
  document.commentBefore = [
    ` yaml-language-server: $schema=${publicUrl}${SCHEMA_PATH}`,
    ' The tool groups of one tenant. What is left out has its default:',
    `   of a group: ${defaultsText(GROUP_DEFAULTS)}`,
    `   of a tool:  ${defaultsText(TOOL_DEFAULTS)}`,
    `   of a key:   ${defaultsText(KEY_DEFAULTS)}`,
    ' Keys are named; their values are never here.',
    ' A listed group is managed wholly; groups that are not listed stay, unless the file says prune: true.',
  ].join('\n');
  return document.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: false });
}

/** Changes whenever the configuration does, and only then: the entity tag of an export (RFC 9110 section 8.8.3). */
export function etagOfConfiguration(file: ConfigurationFile): string {
  return `"${createHash('sha256').update(JSON.stringify(file)).digest('base64url').slice(0, 32)}"`;
}

function eachDiffering(section: Readonly<Record<string, Plain>>, defaults: Plain): Plain {
  return Object.fromEntries(
    Object.entries(section).map(([name, settings]) => [name, differing(settings, defaults)]),
  );
}

function differing(settings: Plain, defaults: Plain): Plain {
  return Object.fromEntries(
    Object.entries(settings).filter(([field, value]) => !isDeepStrictEqual(value, defaults[field])),
  );
}

function defaultsText(defaults: Plain): string {
  return Object.entries(defaults)
    .map(([field, value]) => `${field}: ${JSON.stringify(value)}`)
    .join(', ');
}
