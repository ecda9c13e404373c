import { Box, Group, Text } from '@mantine/core';
import { CopyIcon } from './copy';

/** Shows any value as text: markup in it stays text. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
  return (
    <Box>
      <Group justify="space-between" mb={2}>
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <CopyIcon text={text} />
      </Group>
      <pre className="code" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </Box>
  );
}
