import {
  ActionIcon,
  Alert,
  Button,
  Center,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { Languages } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiFailure } from '../api/failure';
import { finishSignIn, signIn } from '../api/session';
import { FailureText } from '../parts/act';
import { bilingual } from '../words/bilingual';
import { changeLanguage, language, useWords } from '../words/use-words';
import icon from './icon.svg';
import { shellWords } from './words';

export const signInWords = bilingual('sign_in', {
  title: ['Sign in', '登录'],
  who: ['E-mail or username', '邮箱或用户名'],
  password: ['Password', '密码'],
  tenant: ['Tenant', '租户'],
  tenant_hint: ['You belong to several: name the one to sign in to', '您属于多个租户：请填写要登录的租户'],
  code: ['Code', '验证码'],
  code_hint: ['From your authenticator app, or a recovery code', '来自身份验证器应用，或恢复码'],
  next: ['Sign in', '登录'],
  ended: [
    'Your sign-in has ended. Sign in to go on where you were.',
    '登录已失效。重新登录后可继续之前的操作。',
  ],
  lost: [
    'Lost the password? An administrator can give you a one-time token; on the server: npm run toolcrib -- admin reset-password',
    '忘记密码？管理员可以为您生成一次性令牌；在服务器上可运行：npm run toolcrib -- admin reset-password',
  ],
  docs: ['REST API documentation', 'REST API 文档'],
});

export function SignInPage({ ended }: { readonly ended: boolean }) {
  const say = useWords(signInWords);
  const shell = useWords(shellWords);
  const [who, setWho] = useState('');
  const [password, setPassword] = useState('');
  const [tenant, setTenant] = useState<string | null>(null);
  const [mfaToken, setMfaToken] = useState<string | null>(null);
  const [code, setCode] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    document.title = `${say('title')} · Toolcrib`;
  }, [say]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    try {
      if (mfaToken) return await finishSignIn({ mfa_token: mfaToken, code: code.trim() });
      const login = who.includes('@') ? { email: who.trim() } : { username: who.trim() };
      const more = await signIn({ ...login, password, ...(tenant ? { tenant } : {}) });
      setPassword('');
      if (more) setMfaToken(more.mfa_token);
    } catch (error) {
      if (error instanceof ApiFailure && error.details.some(({ field }) => field === 'tenant')) setTenant('');
      if (error instanceof ApiFailure && error.status === 401 && mfaToken && /mfa_token/.test(error.message))
        setMfaToken(null);
      setFailure(error);
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={400} maw="100%" radius="lg" shadow="sm">
        <form onSubmit={(event) => void submit(event)}>
          <Stack gap="md">
            <Group justify="space-between">
              <Group gap="sm">
                <img src={icon} width={36} height={36} alt="" />
                <div>
                  <Text fw={700} lh={1.1}>
                    Toolcrib
                  </Text>
                  <Title order={1} size="h5" fw={500} c="dimmed">
                    {say('title')}
                  </Title>
                </div>
              </Group>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={shell('language')}
                onClick={() => changeLanguage(language() === 'zh' ? 'en' : 'zh')}
              >
                <Languages size={18} />
              </ActionIcon>
            </Group>
            {ended && <Alert color="yellow">{say('ended')}</Alert>}
            {mfaToken ? (
              <TextInput
                label={say('code')}
                description={say('code_hint')}
                value={code}
                autoFocus
                autoComplete="one-time-code"
                inputMode="text"
                required
                onChange={(event) => setCode(event.currentTarget.value)}
              />
            ) : (
              <>
                <TextInput
                  label={say('who')}
                  value={who}
                  autoComplete="username"
                  autoFocus
                  required
                  onChange={(event) => setWho(event.currentTarget.value)}
                />
                <PasswordInput
                  label={say('password')}
                  value={password}
                  autoComplete="current-password"
                  required
                  onChange={(event) => setPassword(event.currentTarget.value)}
                />
                {tenant !== null && (
                  <TextInput
                    label={say('tenant')}
                    description={say('tenant_hint')}
                    value={tenant}
                    required
                    onChange={(event) => setTenant(event.currentTarget.value)}
                  />
                )}
              </>
            )}
            {failure !== null && (
              <Alert color="red" role="alert">
                <FailureText failure={failure} />
              </Alert>
            )}
            <Button type="submit" loading={isBusy} fullWidth>
              {say('next')}
            </Button>
            <Text size="xs" c="dimmed">
              {say('lost')}
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
