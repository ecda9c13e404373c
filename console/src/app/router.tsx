import { Button, Stack, Text, Title } from '@mantine/core';
import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { BASE_PATH } from '../api/base';
import { useMay, useProfile } from '../api/session';
import { FailureText } from '../parts/act';
import { useWords } from '../words/use-words';
import { PAGES, type PageEntry } from './pages';
import { Shell } from './shell';
import { shellWords } from './words';

const root = createRootRoute({ component: Outlet, notFoundComponent: NoPage });
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  notFoundComponent: NoPage,
});
const group = createRoute({
  getParentRoute: () => shell,
  path: '/groups/$id',
  beforeLoad: ({ params }) => {
    throw redirect({ to: `/groups/${params.id}/tools`, replace: true } as never);
  },
});

const nowhere = createRoute({ getParentRoute: () => shell, path: '$', component: NoPage });

function routeOf(page: PageEntry) {
  return createRoute({
    getParentRoute: () => shell,
    path: page.path,
    component: allowedOnly(page),
    errorComponent: ({ error }) => <PageFailed error={error} />,
  });
}

function allowedOnly({ permission, load }: PageEntry): () => React.ReactNode {
  const Loaded = lazyRouteComponent(async () => ({ default: await load() })) as ComponentType;
  return function Allowed() {
    const may = useMay();
    return may(permission) ? <Loaded /> : <NotAllowed permission={permission} />;
  };
}

/** Numbers and the like stay text: an address is what somebody typed. */
const parseSearch = (text: string) => Object.fromEntries(new URLSearchParams(text));
const stringifySearch = (values: Record<string, unknown>) => {
  const text = new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  ).toString();
  return text ? `?${text}` : '';
};

export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren([group, nowhere, ...PAGES.map(routeOf)])]),
  basepath: BASE_PATH || '/',
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

function NoPage() {
  const say = useWords(shellWords);
  return <Notice title={say('no_page')} text={say('no_page_text')} />;
}

function NotAllowed({ permission }: { readonly permission: string }) {
  const say = useWords(shellWords);
  const { tenant_name: tenant } = useProfile();
  return <Notice title={say('not_allowed')} text={say('not_allowed_text', { tenant, permission })} />;
}

function PageFailed({ error }: { readonly error: unknown }) {
  const say = useWords(shellWords);
  return (
    <Stack p="xl" align="flex-start">
      <Title order={1} size="h3">
        {say('page_failed')}
      </Title>
      <FailureText failure={error} />
    </Stack>
  );
}

function Notice({ title, text }: { readonly title: string; readonly text: string }) {
  const say = useWords(shellWords);
  return (
    <Stack p="xl" align="flex-start" gap="xs">
      <Title order={1} size="h3">
        {title}
      </Title>
      <Text c="dimmed">{text}</Text>
      <Button component={Link} to="/" variant="default">
        {say('to_start')}
      </Button>
    </Stack>
  );
}
