import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { Confirm, type ConfirmProps } from './confirm';
import { FormModal, type FormProps } from './form-modal';

type Props = {
  readonly edit: Omit<FormProps, 'onClose'>;
  readonly remove: Omit<ConfirmProps, 'onClose' | 'doText'>;
};

/** The two buttons of an open thing that the person may change and remove, and what each asks. */
export function EditOrRemove({ edit, remove }: Props) {
  const say = useWords(common);
  const [doing, setDoing] = useState<'edit' | 'remove' | null>(null);
  const close = () => setDoing(null);
  return (
    <>
      <Group gap="xs">
        <Button size="xs" onClick={() => setDoing('edit')}>
          {say('edit')}
        </Button>
        <Button size="xs" color="red" variant="light" onClick={() => setDoing('remove')}>
          {say('remove')}
        </Button>
      </Group>
      {doing === 'edit' && <FormModal {...edit} onClose={close} />}
      {doing === 'remove' && <Confirm {...remove} doText={say('remove')} onClose={close} />}
    </>
  );
}
