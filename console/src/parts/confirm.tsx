import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { useAct } from './act';

export type ConfirmProps = {
  readonly title: string;
  readonly text: ReactNode;
  /** To be typed before it can be done: for what cannot be taken back. */
  readonly typed?: string;
  readonly doText: string;
  readonly onDo: () => Promise<unknown>;
  readonly done?: string;
  readonly onClose: () => void;
};

export function Confirm({ title, text, typed, doText, onDo, done, onClose }: ConfirmProps) {
  const say = useWords(common);
  const { act, isBusy } = useAct();
  const [given, setGiven] = useState('');
  const run = async () => {
    const finished = await act(
      async () => {
        await onDo();
        return true;
      },
      done ?? say('done'),
    );
    if (finished) onClose();
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': say('close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Stack gap="sm">
          <Text size="sm" component="div">
            {text}
          </Text>
          {typed !== undefined && (
            <TextInput
              label={say('confirm_typing', { name: typed })}
              value={given}
              autoComplete="off"
              data-autofocus
              onChange={({ currentTarget }) => setGiven(currentTarget.value)}
            />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button
              type="submit"
              color="red"
              loading={isBusy}
              disabled={typed !== undefined && given !== typed}
            >
              {doText}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
