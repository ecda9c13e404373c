import { Box, Input } from '@mantine/core';
import { history, historyKeymap, defaultKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, defaultHighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { getNonce } from 'get-nonce';

export type CodeEditorProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly format?: 'json' | 'yaml';
  readonly error?: string | undefined;
  readonly height?: string;
};

/** Text that a machine reads. Loaded when a page needs it: see `code-field.tsx`. */
export function CodeEditor({
  label,
  value,
  onChange,
  format = 'json',
  error,
  height = '220px',
}: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const told = useRef(onChange);
  told.current = onChange;
  const first = useRef(value);
  useEffect(() => {
    const editor = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          lineNumbers(),
          history(),
          bracketMatching(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          format === 'json' ? json() : yaml(),
          syntaxHighlighting(defaultHighlightStyle),
          EditorView.lineWrapping,
          EditorView.cspNonce.of(getNonce() ?? ''),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.theme({
            '&': { maxHeight: '60vh', minHeight: height },
            '.cm-scroller': { overflow: 'auto' },
          }),
          EditorView.updateListener.of(
            (update) => update.docChanged && told.current(update.state.doc.toString()),
          ),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [format, label, height]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  return (
    <Input.Wrapper label={label} labelElement="div" error={error}>
      <Box ref={place} className="editor" />
    </Input.Wrapper>
  );
}
