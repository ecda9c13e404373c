import { ActionIcon, Button, CopyButton, Tooltip } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { common } from '../words/common';
import { useWords } from '../words/use-words';

export function CopyIcon({ text, label }: { readonly text: string; readonly label?: string }) {
  const say = useWords(common);
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? say('copied') : (label ?? say('copy'))}>
          <ActionIcon variant="subtle" color="gray" aria-label={label ?? say('copy')} onClick={copy}>
            {copied ? <Check size={16} /> : <Copy size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

export function CopyWide({ text }: { readonly text: string }) {
  const say = useWords(common);
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          leftSection={copied ? <Check size={14} /> : <Copy size={14} />}
          onClick={copy}
        >
          {say(copied ? 'copied' : 'copy')}
        </Button>
      )}
    </CopyButton>
  );
}
