import { Center, Loader, MantineProvider, DEFAULT_THEME, mergeMantineTheme } from '@mantine/core';
import { DatesProvider } from '@mantine/dates';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import 'dayjs/locale/zh-cn';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/queries';
import { useSession } from '../api/session';
import { router } from './router';
import { SignInPage } from './sign-in';
import { theme, variables } from './theme';

const wholeTheme = mergeMantineTheme(DEFAULT_THEME, theme);

export function App({ nonce }: { readonly nonce: string }) {
  const { i18n } = useTranslation();
  return (
    <MantineProvider
      theme={wholeTheme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <DatesProvider settings={{ locale: i18n.language === 'zh' ? 'zh-cn' : 'en', firstDayOfWeek: 1 }}>
        <QueryClientProvider client={queryClient}>
          <Notifications position="top-right" />
          <Entrance />
        </QueryClientProvider>
      </DatesProvider>
    </MantineProvider>
  );
}

function Entrance() {
  const session = useSession();
  if (session.state === 'unknown')
    return (
      <Center h="100vh">
        <Loader />
      </Center>
    );
  if (session.state === 'out') return <SignInPage ended={session.ended} />;
  return <RouterProvider router={router} />;
}
