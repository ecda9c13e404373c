import { Button, Paper, Stack, Text, ThemeIcon } from '@mantine/core';
import { Inbox, SearchX } from 'lucide-react';
import type { ReactNode } from 'react';
import { common } from '../words/common';
import { useWords } from '../words/use-words';

/** An empty place says what belongs there, and offers the next step. */
export function Empty({ text, action }: { readonly text?: string; readonly action?: ReactNode }) {
  const say = useWords(common);
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" gap="xs">
        <ThemeIcon variant="light" size={44} radius="xl" color="gray">
          <Inbox size={22} aria-hidden="true" />
        </ThemeIcon>
        <Text ta="center" maw={480}>
          {text ?? say('nothing_yet')}
        </Text>
        {action}
      </Stack>
    </Paper>
  );
}

export function NothingFound({ onClear }: { readonly onClear: () => void }) {
  const say = useWords(common);
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" gap="xs">
        <ThemeIcon variant="light" size={44} radius="xl" color="gray">
          <SearchX size={22} aria-hidden="true" />
        </ThemeIcon>
        <Text>{say('nothing_found')}</Text>
        <Button variant="default" size="xs" onClick={onClear}>
          {say('clear_filters')}
        </Button>
      </Stack>
    </Paper>
  );
}
