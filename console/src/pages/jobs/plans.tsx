import { Button, Modal, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { FormModal } from '../../parts/form-modal';
import { Ready } from '../../parts/page';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Plan = Schemas['JobSettingDto'];

/** How each kind of job is tried again. */
export function Plans({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const plans = useGet('/api/v1/admin/job-settings');
  const [changing, setChanging] = useState<Plan | null>(null);
  return (
    <Modal
      opened
      onClose={onClose}
      title={say('plans')}
      size="xl"
      closeButtonProps={{ 'aria-label': shared('close') }}
    >
      <Ready of={plans}>
        {(found) => (
          <Table.ScrollContainer minWidth={620}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{say('kind')}</Table.Th>
                  <Table.Th>{say('plan')}</Table.Th>
                  <Table.Th ta="right">{say('timeout')}</Table.Th>
                  <Table.Th>{say('schedule')}</Table.Th>
                  <Table.Th>{shared('edit')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((plan) => (
                  <Table.Tr key={plan.kind}>
                    <Table.Td>
                      {plan.kind}
                      <Text size="xs" c="dimmed">
                        {plan.description}
                      </Text>
                    </Table.Td>
                    <Table.Td>{plan.retry_seconds.join(', ') || '–'}</Table.Td>
                    <Table.Td ta="right">{plan.timeout_seconds}</Table.Td>
                    <Table.Td>{plan.schedule ?? '–'}</Table.Td>
                    <Table.Td>
                      {may('jobs.write') && (
                        <Button size="compact-xs" variant="default" onClick={() => setChanging(plan)}>
                          {shared('edit')}
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Ready>
      {changing && <ChangePlan plan={changing} onClose={() => setChanging(null)} />}
    </Modal>
  );
}

function ChangePlan({ plan, onClose }: { readonly plan: Plan; readonly onClose: () => void }) {
  const say = useWords(words);
  const { act } = useAct();
  const params = { path: { kind: plan.kind } };
  const reset = async () => {
    if (await act(() => dataOf(api.DELETE('/api/v1/admin/job-settings/{kind}', { params })))) onClose();
  };
  const shown = ({ retry_seconds, timeout_seconds, version }: Plan) => ({
    retry_seconds: retry_seconds.map(String),
    timeout_seconds,
    version,
  });
  return (
    <FormModal
      title={plan.kind}
      fields={[
        { name: 'retry_seconds', label: say('plan'), hint: say('plan_hint'), kind: 'tags' },
        { name: 'timeout_seconds', label: say('timeout'), kind: 'number', min: 1 },
      ]}
      initial={shown(plan)}
      onClose={onClose}
      onRace={async () => shown(await dataOf(api.GET('/api/v1/admin/job-settings/{kind}', { params })))}
      onSave={(
        { retry_seconds, timeout_seconds }: { retry_seconds: string[]; timeout_seconds: number },
        version,
      ) =>
        dataOf(
          api.PUT('/api/v1/admin/job-settings/{kind}', {
            params: { ...params, header: ifMatch(version) },
            body: { retry_seconds: retry_seconds.map(Number), timeout_seconds },
          }),
        )
      }
    >
      <Stack align="flex-start">
        <Button size="compact-xs" variant="subtle" onClick={() => void reset()}>
          {say('back_to_default')}
        </Button>
      </Stack>
    </FormModal>
  );
}
