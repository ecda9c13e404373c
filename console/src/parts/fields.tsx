import {
  Checkbox,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Select,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import type { ReactNode } from 'react';
import { CodeField } from './code-field';

export type Option = { readonly value: string; readonly label: string };
export type FormValues = Readonly<Record<string, unknown>>;

/** One thing that a form asks for. `json` is an object or a list, written as text. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly required?: boolean;
  /** Left out of the form while this is false. */
  readonly when?: (values: FormValues) => boolean;
} & (
  | { readonly kind: 'text' | 'area' | 'password' | 'switch' | 'check' | 'tags' | 'json' | 'time' }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'choice' | 'choices'; readonly options: readonly Option[] }
);

type FieldInputProps = {
  readonly field: Field;
  readonly value: unknown;
  readonly error: string | undefined;
  readonly onChange: (value: unknown) => void;
};

export function FieldInput({ field, value, error, onChange }: FieldInputProps): ReactNode {
  const shared = { label: field.label, description: field.hint, error, withAsterisk: field.required };
  const text = typeof value === 'string' ? value : '';
  switch (field.kind) {
    case 'text':
      return <TextInput {...shared} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
    case 'area':
      return (
        <Textarea
          {...shared}
          autosize
          minRows={3}
          maxRows={16}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'password':
      return (
        <PasswordInput
          {...shared}
          autoComplete="new-password"
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'switch':
      return (
        <Switch
          label={field.label}
          description={field.hint}
          error={error}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'check':
      return (
        <Checkbox
          label={field.label}
          description={field.hint}
          error={error}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...shared}
          min={field.min}
          max={field.max}
          value={(value as number | null) ?? ''}
          onChange={(next) => onChange(next === '' ? null : next)}
        />
      );
    case 'choice':
      return (
        <Select
          {...shared}
          data={[...field.options]}
          searchable={field.options.length > 8}
          clearable={!field.required}
          value={text || null}
          onChange={onChange}
        />
      );
    case 'choices':
      return (
        <MultiSelect
          {...shared}
          data={[...field.options]}
          searchable={field.options.length > 8}
          clearable
          value={[...((value as string[] | null) ?? [])]}
          onChange={onChange}
        />
      );
    case 'tags':
      return <TagsInput {...shared} value={[...((value as string[] | null) ?? [])]} onChange={onChange} />;
    case 'json':
      return <CodeField label={field.label} value={text} error={error} onChange={onChange} height="140px" />;
    case 'time':
      return (
        <DateTimePicker
          {...shared}
          clearable
          value={text ? new Date(text) : null}
          onChange={(next) => onChange(next ? new Date(next).toISOString() : null)}
        />
      );
  }
  return null;
}
