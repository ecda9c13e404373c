import type { Type } from '@nestjs/common';
import { TransformationType, type TransformFnParams } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { ARRAY_MAX_SIZE, getMetadataStorage } from 'class-validator';

type Change = (params: TransformFnParams) => unknown;

/** What a DTO's class says of a field: `@Type` and `@Transform`, and how long a list may be by `@ArrayMaxSize`. */
type Field = {
  readonly type: Type | undefined;
  readonly changes: readonly Change[];
  readonly listMax: number;
};

const fieldsOf = new WeakMap<Type, ReadonlyMap<string, Field>>();

/**
 * Makes DTOs of plain JSON, as class-transformer's `plainToInstance` does, in time linear in it: that one takes the square of the
 * number of names, and copies what no DTO describes. Its `@Type` and `@Transform` are honoured, in nested DTOs, too; nothing else of it
 * is. What no class describes stays as it was sent, and class-validator then tells it.
 */
export function plainToDto<T>(type: Type<T>, value: unknown): T {
  return made(type, value) as T;
}

function made(type: Type, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => made(type, item));
  if (value === null || value === undefined) return value;
  if (type === String || type === Number || type === Boolean) return (type as unknown as Convert)(value);
  if (type === Date) return new Date(value as string);
  if (typeof value !== 'object') return value;
  const dto = new type() as Record<string, unknown>;
  const fields = describedFields(type);
  for (const [name, member] of Object.entries(value)) {
    if (name === 'constructor' || name === '__proto__') continue; // what makes it a DTO
    const field = fields.get(name);
    dto[name] = field ? changed(field, { key: name, obj: value, value: member }) : member;
  }
  return dto;
}

type Convert = (value: unknown) => unknown;

/** The fields that a DTO's class describes, by their names. */
export function knownFields(type: Type): ReadonlyMap<string, Pick<Field, 'type' | 'listMax'>> {
  return describedFields(type);
}

function changed({ type, changes }: Field, of: Pick<TransformFnParams, 'key' | 'obj' | 'value'>): unknown {
  const typed: unknown = type ? made(type, of.value) : of.value;
  return changes.reduce(
    (value, change) => change({ ...of, value, type: TransformationType.PLAIN_TO_CLASS, options: {} }),
    typed,
  );
}

/** A name without a rule is none of the class's: class-validator refuses it. */
function describedFields(type: Type): ReadonlyMap<string, Field> {
  const known = fieldsOf.get(type);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const longest = new Map(
    rules.filter(({ name }) => name === ARRAY_MAX_SIZE).map((rule) => [rule.propertyName, rule.constraints]),
  );
  const fields = new Map(
    rules.map(({ propertyName: name }): [string, Field] => {
      const said = defaultMetadataStorage.findTypeMetadata(type, name) as
        ReturnType<typeof defaultMetadataStorage.findTypeMetadata> | undefined;
      const changes = defaultMetadataStorage
        .findTransformMetadatas(type, name, TransformationType.PLAIN_TO_CLASS)
        .map(({ transformFn }) => transformFn as Change);
      const [listMax = Infinity] = (longest.get(name) ?? []) as number[];
      return [name, { type: said?.typeFunction() as Type | undefined, changes, listMax }];
    }),
  );
  fieldsOf.set(type, fields);
  return fields;
}
