import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { CodeEditorProps } from './code-editor';

const Editor = lazy(async () => ({ default: (await import('./code-editor')).CodeEditor }));

export function CodeField(props: CodeEditorProps) {
  return (
    <Suspense fallback={<Skeleton h={props.height ?? 220} />}>
      <Editor {...props} />
    </Suspense>
  );
}
