import { Alert, Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { bilingual } from '../words/bilingual';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { CopyWide } from './copy';

export const secretWords = bilingual('secret', {
  shown_once: [
    'Copy it now: it is not kept in this page, and it is not shown again by itself.',
    '请立即复制：本页面不会保存它，也不会再次自动显示。',
  ],
  kept: ['I have it', '我已保存'],
});

type SecretProps = {
  readonly title: string;
  readonly lines: readonly { readonly label: string; readonly text: string }[];
  readonly onClose: () => void;
};

/** Shows what is secret until it is closed; only the caller's state holds it, and no store, cache or address. */
export function SecretShown({ title, lines, onClose }: SecretProps) {
  const say = useWords(secretWords);
  const close = useWords(common);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': close('close') }}
    >
      <Stack gap="sm">
        <Alert color="yellow" icon={<KeyRound size={18} />}>
          {say('shown_once')}
        </Alert>
        {lines.map(({ label, text }) => (
          <div key={label}>
            <Text size="sm" fw={600}>
              {label}
            </Text>
            <Group gap="xs" wrap="nowrap" align="center">
              <Code block className="wrap-any" flex={1} miw={0}>
                {text}
              </Code>
              <CopyWide text={text} />
            </Group>
          </div>
        ))}
        <Group justify="flex-end">
          <Button onClick={onClose}>{say('kept')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
