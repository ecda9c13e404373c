import { Alert, Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { SchemaFieldsProps } from './schema-fields';

const Fields = lazy(async () => ({ default: (await import('./schema-fields')).SchemaFields }));

/** A form made of a JSON Schema. Loaded when a page needs it. */
export function SchemaForm(props: SchemaFieldsProps) {
  return (
    <Suspense fallback={<Skeleton h={160} />}>
      <Fields {...props} />
    </Suspense>
  );
}

export function SchemaProblem({ text }: { readonly text: string }) {
  return <Alert color="red">{text}</Alert>;
}
