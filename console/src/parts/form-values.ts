import type { Field, FormValues } from './fields';

/** As the form holds them: what is JSON is text there. */
export function toForm(fields: readonly Field[], values: FormValues): FormValues {
  const shown = fields.map(({ name, kind }) => {
    const value = values[name];
    return [name, kind === 'json' ? JSON.stringify(value ?? {}, null, 2) : (value ?? null)];
  });
  return { ...values, ...Object.fromEntries(shown) } as FormValues;
}

/**
 * As the service takes them: an empty text is none where it may be missing.
 *
 * @throws {SyntaxError} What should be JSON is none; `cause` is the field's name.
 */
export function fromForm(fields: readonly Field[], values: FormValues): FormValues {
  const shown = fields.filter(({ when }) => !when || when(values));
  return Object.fromEntries(shown.map((field) => [field.name, sent(field, values[field.name])]));
}

function sent(field: Field, value: unknown): unknown {
  if (field.kind === 'json') {
    try {
      return JSON.parse(typeof value === 'string' ? value : '');
    } catch (error) {
      throw new SyntaxError(String(error), { cause: field.name });
    }
  }
  if (value !== '') return value ?? undefined;
  return field.required ? value : undefined;
}

/** What differs between two states of one thing. */
export function differences(fields: readonly Field[], mine: FormValues, theirs: FormValues) {
  return fields
    .filter(({ name }) => JSON.stringify(mine[name] ?? null) !== JSON.stringify(theirs[name] ?? null))
    .map(({ name, label }) => ({ name, label, mine: mine[name], theirs: theirs[name] }));
}
