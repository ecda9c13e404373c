import { Alert, Box, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { FailureText } from './act';

type PageProps = {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
};

/** One page: what it is called, what it is for, what can be done on it. */
export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Toolcrib`;
  }, [title]);
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }} maw={1500} mx="auto">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box maw={820} miw={0}>
          <Title order={1} size="h2" className="wrap-any">
            {title}
          </Title>
          {about && (
            <Text c="dimmed" size="sm" mt={2} component="div">
              {about}
            </Text>
          )}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

type ReadyProps<T> = {
  readonly of: { readonly data?: T | undefined; readonly error: Error | null };
  readonly children: (data: T) => ReactNode;
};

/** Shows what was read: its shape while it comes, what went wrong when it does not. */
export function Ready<T>({ of, children }: ReadyProps<T>) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error)
    return (
      <Alert color="red" role="alert">
        <FailureText failure={of.error} />
      </Alert>
    );
  return <Bones />;
}

export function Bones() {
  return (
    <Stack gap="sm" aria-busy="true">
      <Skeleton h={36} />
      <Skeleton h={36} w="80%" />
      <Skeleton h={36} w="92%" />
    </Stack>
  );
}
