import { Badge, Button, Card, Group as Row, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, queryClient } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { FormModal } from '../../parts/form-modal';
import { Ready } from '../../parts/page';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { Part } from '.';
import { words } from './words';

type Template = Schemas['WelcomeTemplateDto'];

/** Welcome texts by language; the tenant's own in place of ours. */
export function Templates() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const templates = useGet('/api/v1/admin/automation/templates');
  const [open, setOpen] = useState<Template | null>(null);
  const [isAdding, setIsAdding] = useState(false);
  return (
    <Part title={say('templates')}>
      <Ready of={templates}>
        {(found) => (
          <Stack gap="xs">
            {found.map((template) => (
              <Card key={template.language} withBorder p="sm">
                <Row justify="space-between">
                  <Row gap="xs">
                    <b>{template.language}</b>
                    <Badge variant="light" tt="none" color={template.source === 'tenant' ? 'cyan' : 'gray'}>
                      {say(template.source)}
                    </Badge>
                  </Row>
                  <Button size="compact-xs" variant="default" onClick={() => setOpen(template)}>
                    {shared(may('automation.write') ? 'edit' : 'open')}
                  </Button>
                </Row>
                <Text size="sm" className="wrap-any" lineClamp={3} style={{ whiteSpace: 'pre-wrap' }}>
                  {template.body}
                </Text>
              </Card>
            ))}
          </Stack>
        )}
      </Ready>
      {may('automation.write') && (
        <Row>
          <Button size="xs" variant="default" onClick={() => setIsAdding(true)}>
            {say('new_language')}
          </Button>
        </Row>
      )}
      {open && <Editor template={open} onClose={() => setOpen(null)} />}
      {isAdding && (
        <FormModal
          title={say('new_language')}
          fields={[
            {
              name: 'language',
              label: say('language'),
              hint: say('language_hint'),
              kind: 'text',
              required: true,
            },
            { name: 'body', label: say('body'), kind: 'area', required: true },
          ]}
          initial={{}}
          onClose={() => setIsAdding(false)}
          onSave={({ language, body }: { language: string; body: string }) =>
            dataOf(
              api.PUT('/api/v1/admin/automation/templates/{language}', {
                params: { path: { language } },
                body: { body },
              }),
            )
          }
        />
      )}
    </Part>
  );
}

function Editor({ template, onClose }: { readonly template: Template; readonly onClose: () => void }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act, isBusy } = useAct();
  const [body, setBody] = useState(template.body);
  const [preview, setPreview] = useState<string | null>(null);
  const { language } = template;
  const params = { path: { language } };
  const show = async () =>
    setPreview(
      (
        await act(() =>
          dataOf(api.POST('/api/v1/admin/automation/templates/preview', { body: { body, language } })),
        )
      )?.text ?? null,
    );
  const save = async () => {
    const header = ifMatch(template.source === 'tenant' ? template.version : undefined);
    if (
      await act(
        () =>
          dataOf(
            api.PUT('/api/v1/admin/automation/templates/{language}', {
              params: { ...params, header },
              body: { body },
            }),
          ),
        shared('changed'),
      )
    )
      onClose();
  };
  const back = async () => {
    await act(
      () => dataOf(api.DELETE('/api/v1/admin/automation/templates/{language}', { params })),
      shared('done'),
    );
    void queryClient.invalidateQueries();
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`${say('templates')} · ${language}`}
      closeButtonProps={{ 'aria-label': shared('close') }}
    >
      <Stack>
        <Textarea
          label={say('body')}
          description={say('body_hint', { name: '{{name}}' })}
          autosize
          minRows={5}
          maxRows={18}
          value={body}
          readOnly={!may('automation.write')}
          onChange={({ currentTarget }) => setBody(currentTarget.value)}
        />
        {preview !== null && (
          <Card withBorder bg="var(--toolcrib-surface)">
            <Text size="sm" style={{ whiteSpace: 'pre-wrap' }} className="wrap-any">
              {preview}
            </Text>
          </Card>
        )}
        <Row justify="flex-end">
          <Button variant="default" loading={isBusy} onClick={() => void show()}>
            {say('preview')}
          </Button>
          {may('automation.write') && template.source === 'tenant' && (
            <Button variant="default" onClick={() => void back()}>
              {say('back')}
            </Button>
          )}
          {may('automation.write') && (
            <Button loading={isBusy} onClick={() => void save()}>
              {shared('save')}
            </Button>
          )}
        </Row>
      </Stack>
    </Modal>
  );
}
