import { z } from 'zod';

/** One input variable of an app, as its form asks for it. */
export type InputField = {
  readonly variable: string;
  /** As Dify names it: `text-input`, `paragraph`, `select`, `number`, `checkbox`, `file`, `file-list`, … */
  readonly type: string;
  readonly label: string;
  readonly required: boolean;
  readonly maxLength: number | null;
  readonly options: readonly string[] | null;
  readonly defaultValue: string | number | boolean | null;
};

const TEXT_TYPES = ['text-input', 'paragraph', 'select'];
const FIELDS_MAX = 100;

/** Without what Postgres stores in no text: NUL, halves of surrogate pairs. */
export function toStorable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

const storable = z.string().transform(toStorable);

const fieldSchema = z.object({
  variable: z.string().min(1).transform(toStorable),
  label: storable.catch(''),
  required: z.boolean().catch(false),
  max_length: z.number().positive().nullish().catch(null),
  options: z.array(storable).nullish().catch(null),
  default: z.union([storable, z.number(), z.boolean()]).nullish().catch(null),
});
/** `[{ "text-input": { variable, label, required, … } }, …]` */
const formSchema = z.array(z.record(z.string(), z.unknown())).max(FIELDS_MAX);

/** Reads `user_input_form` of `GET /v1/parameters`; what is not understood is left out. */
export function readInputForm(form: unknown): InputField[] {
  const entries = (formSchema.safeParse(form).data ?? []).flatMap((entry) => Object.entries(entry));
  return entries.flatMap(([type, value]) => {
    const field = fieldSchema.safeParse(value).data;
    if (!field) return [];
    const { variable, label, required, max_length, options, default: preset } = field;
    return [
      {
        variable,
        type,
        label,
        required,
        maxLength: max_length ?? null,
        options: options ?? null,
        defaultValue: preset === '' ? null : (preset ?? null),
      },
    ];
  });
}

/**
 * Inputs as the form takes them: a missing one gets its default, which Dify itself only fills in on its own pages; a text is cut to
 * what the form allows rather than refused. Inputs that the form does not know are passed on: it may have been changed since.
 *
 * @returns `missing` names the required ones that have no value.
 */
export function fitInputs(
  fields: readonly InputField[],
  inputs: Readonly<Record<string, unknown>>,
): { readonly inputs: Record<string, unknown>; readonly missing: readonly string[] } {
  const fitted: Record<string, unknown> = { ...inputs };
  const missing: string[] = [];
  for (const field of fields) {
    const value = valueFor(field, inputs[field.variable] ?? field.defaultValue);
    if (value !== undefined) fitted[field.variable] = value;
    else delete fitted[field.variable];
    if (field.required && (value === undefined || value === '')) missing.push(field.variable);
  }
  return { inputs: fitted, missing };
}

function valueFor({ type, maxLength }: InputField, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (TEXT_TYPES.includes(type)) {
    const told = typeof value === 'string' ? value : JSON.stringify(value);
    return maxLength === null ? told : Array.from(told).slice(0, maxLength).join('');
  }
  if (type === 'number' && typeof value === 'string' && value.trim() !== '') {
    return Number.isNaN(Number(value)) ? value : Number(value);
  }
  return value;
}
