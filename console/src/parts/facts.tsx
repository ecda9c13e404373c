import { Group, Paper, SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export type Fact = { readonly label: string; readonly value: ReactNode };

/** What is known of one thing, as label and value. */
export function Facts({
  facts,
  columns = 2,
}: {
  readonly facts: readonly Fact[];
  readonly columns?: number;
}) {
  return (
    <SimpleGrid cols={{ base: 1, xs: columns }} spacing="sm" verticalSpacing="xs">
      {facts.map(({ label, value }) => (
        <div key={label}>
          <Text size="xs" c="dimmed">
            {label}
          </Text>
          <Text size="sm" component="div" className="wrap-any">
            {value}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}

type FigureProps = {
  readonly label: string;
  readonly value: ReactNode;
  readonly hint?: ReactNode;
  readonly to?: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly alarming?: boolean;
};

/** One number that counts; leads to what it counts. */
export function Figure({ label, value, hint, to, search, alarming }: FigureProps) {
  const inside = (
    <Paper withBorder p="md" radius="md" h="100%">
      <Text size="xs" c="dimmed" fw={600}>
        {label}
      </Text>
      <Group gap={6} align="baseline">
        <Text fz={26} fw={650} lh={1.25} c={alarming ? 'var(--mantine-color-error)' : undefined}>
          {value}
        </Text>
      </Group>
      {hint && (
        <Text size="xs" c="dimmed">
          {hint}
        </Text>
      )}
    </Paper>
  );
  if (!to) return inside;
  return (
    <Text component={Link} to={to} {...({ search: search ?? {} } as object)} c="inherit" td="none">
      {inside}
    </Text>
  );
}
