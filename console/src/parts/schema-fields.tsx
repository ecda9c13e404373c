import { Button } from '@mantine/core';
import { withTheme } from '@rjsf/core';
import { Theme } from '@rjsf/mantine';
import { schemaValidator } from './schema-validator';

const ThemedForm = withTheme(Theme);

export type SchemaFieldsProps = {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly submitText: string;
  readonly isBusy: boolean;
  readonly onSubmit: (value: unknown) => void;
};

export function SchemaFields({ schema, value, onChange, submitText, isBusy, onSubmit }: SchemaFieldsProps) {
  return (
    <ThemedForm
      schema={schema}
      validator={schemaValidator}
      formData={value}
      noHtml5Validate
      showErrorList={false}
      onChange={({ formData }) => onChange(formData)}
      onSubmit={({ formData }) => onSubmit(formData)}
    >
      <Button type="submit" loading={isBusy} mt="sm">
        {submitText}
      </Button>
    </ThemedForm>
  );
}
