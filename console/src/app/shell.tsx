import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
  Kbd,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { CircleUser, Languages, LogOut, Moon, Search, Sun } from 'lucide-react';
import { Suspense, lazy, useEffect } from 'react';
import { useLive, useLiveState } from '../api/live';
import { signOut, useMay, useProfile } from '../api/session';
import { changeLanguage, language, useWords } from '../words/use-words';
import { openPalette } from './palette-store';
import icon from './icon.svg';
import { PAGES, type PageEntry } from './pages';
import { SECTIONS } from './sections';
import { shellWords } from './words';
import { Bones } from '../parts/page';

const Palette = lazy(async () => ({ default: (await import('./palette')).Palette }));

/** What is around every page. */
export function Shell() {
  const say = useWords(shellWords);
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useLive();
  useEffect(close, [path, close]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 232, breakpoint: 'md', collapsed: { mobile: !isOpen } }}
    >
      <AppShell.Header>
        <a className="skip-link" href="#main" onClick={focusMain}>
          {say('skip')}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={say('menu')}
              aria-expanded={isOpen}
            />
            <UnstyledButton component={Link} to="/" aria-label="Toolcrib">
              <Group gap={8} wrap="nowrap">
                <img src={icon} width={26} height={26} alt="" />
                <Text fw={700} visibleFrom="xs">
                  Toolcrib
                </Text>
              </Group>
            </UnstyledButton>
          </Group>
          <Tools />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar>
        <ScrollArea h="100%" type="auto">
          <Navigation path={path} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Suspense fallback={<Bones />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      <Suspense fallback={null}>
        <Palette />
      </Suspense>
    </AppShell>
  );
}

/** The page's base address is not its own, so the browser would go elsewhere. */
function focusMain(event: { preventDefault: () => void }) {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

function Navigation({ path }: { readonly path: string }) {
  const say = useWords(shellWords);
  const may = useMay();
  return (
    <nav aria-label={say('main_navigation')}>
      {SECTIONS.map(({ name, words }) => {
        const pages = PAGES.filter(({ nav, permission }) => nav?.section === name && may(permission));
        if (pages.length === 0) return null;
        return (
          <div key={name}>
            {words && <div className="nav-section">{say(words)}</div>}
            {pages.map((page) => (
              <PageLink key={page.path} page={page} path={path} />
            ))}
          </div>
        );
      })}
    </nav>
  );
}

/** The entry of the navigation that a page belongs to: the nearest one. */
function shownPath(path: string): string | undefined {
  const above = PAGES.filter(
    ({ nav, path: to }) => nav && (path === to || (to !== '/' && path.startsWith(`${to}/`))),
  );
  return above.toSorted((one, other) => other.path.length - one.path.length)[0]?.path;
}

function PageLink({ page: { path: to, nav }, path }: { readonly page: PageEntry; readonly path: string }) {
  const say = useWords(shellWords);
  if (!nav) return null;
  return (
    <NavLink
      component={Link}
      to={to}
      label={say(nav.words)}
      leftSection={<nav.icon size={17} aria-hidden="true" />}
      active={to === shownPath(path)}
      aria-current={path === to ? 'page' : undefined}
      variant="light"
      py={6}
    />
  );
}

function Tools() {
  const say = useWords(shellWords);
  const { display_name: name, tenant_name: tenant } = useProfile();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  return (
    <Group gap={4} wrap="nowrap">
      <UnstyledButton
        onClick={openPalette}
        px="xs"
        py={4}
        visibleFrom="sm"
        bd="1px solid var(--mantine-color-default-border)"
        bdrs="md"
      >
        <Group gap="xs" wrap="nowrap">
          <Search size={15} aria-hidden="true" />
          <Text size="sm" c="dimmed">
            {say('search')}
          </Text>
          <Kbd size="xs">Ctrl K</Kbd>
        </Group>
      </UnstyledButton>
      <ActionIcon
        variant="subtle"
        color="gray"
        hiddenFrom="sm"
        onClick={openPalette}
        aria-label={say('search')}
      >
        <Search size={18} />
      </ActionIcon>
      <LiveDot />
      <Tooltip label={say('language')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={say('language')}
          onClick={() => changeLanguage(language() === 'zh' ? 'en' : 'zh')}
        >
          <Languages size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={say(isDark ? 'light' : 'dark')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={say(isDark ? 'light' : 'dark')}
          onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
        >
          {isDark ? <Sun size={18} /> : <Moon size={18} />}
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={say('account')}>
            <CircleUser size={20} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {name} · {tenant}
          </Menu.Label>
          <Menu.Item component={Link} to="/account" leftSection={<CircleUser size={16} />}>
            {say('account')}
          </Menu.Item>
          <Menu.Item leftSection={<LogOut size={16} />} onClick={() => void signOut()}>
            {say('sign_out')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

function LiveDot() {
  const say = useWords(shellWords);
  const state = useLiveState();
  const text = say(state === 'on' ? 'live_on' : state === 'connecting' ? 'connecting' : 'live_off');
  return (
    <Tooltip label={text}>
      <span role="status" aria-label={text} className="live-dot" data-state={state} />
    </Tooltip>
  );
}
