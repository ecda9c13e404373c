import { Card, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { numberText } from './time';

export type Ranked = {
  readonly key: string;
  readonly name: string;
  readonly value: number;
  readonly note?: ReactNode;
  readonly to?: string;
  readonly search?: Readonly<Record<string, string>>;
};

/** The largest of something, with bars. */
export function Ranking({
  title,
  lines,
  empty,
}: {
  readonly title: string;
  readonly lines: readonly Ranked[];
  readonly empty: string;
}) {
  const most = Math.max(1, ...lines.map(({ value }) => value));
  return (
    <Card withBorder radius="md">
      <Stack gap="xs">
        <Title order={2} size="h5">
          {title}
        </Title>
        {lines.length === 0 ? (
          <Text size="sm" c="dimmed">
            {empty}
          </Text>
        ) : (
          <Table verticalSpacing={6}>
            <Table.Tbody>
              {lines.map(({ key, name, value, note, to, search }) => (
                <Table.Tr key={key}>
                  <Table.Td className="wrap-any">
                    {to ? (
                      <Link to={to as never} search={(search ?? {}) as never}>
                        {name}
                      </Link>
                    ) : (
                      name
                    )}
                    <Progress value={(value / most) * 100} size={4} mt={4} aria-hidden="true" />
                  </Table.Td>
                  <Table.Td ta="right" w={90}>
                    {numberText(value)}
                  </Table.Td>
                  <Table.Td ta="right" w={110}>
                    {note}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Stack>
    </Card>
  );
}
