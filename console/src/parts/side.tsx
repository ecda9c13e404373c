import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import { common } from '../words/common';
import { useWords } from '../words/use-words';

type SideProps = {
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
};

/** Details of a row, beside the list that it stands in. */
export function Side({ title, onClose, children }: SideProps) {
  const say = useWords(common);
  return (
    <Drawer
      opened
      onClose={onClose}
      title={title}
      position="right"
      size="xl"
      closeButtonProps={{ 'aria-label': say('close') }}
    >
      {children}
    </Drawer>
  );
}
