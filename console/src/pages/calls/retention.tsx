import { Button } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { FormModal } from '../../parts/form-modal';
import { useWords } from '../../words/use-words';
import { words } from './words';

/** How long the tenant keeps records. */
export function RetentionButton() {
  const say = useWords(words);
  const may = useMay();
  const [isOpen, setIsOpen] = useState(false);
  const kept = useGet('/api/v1/admin/call-logs/retention');
  if (!may('calls.retention') || !kept.data) return null;
  const options = (['inherit', 'forever', 'days'] as const).map((value) => ({
    value,
    label: say(`keep_${value}`),
  }));
  const effective = kept.data.effective_days;
  return (
    <>
      <Button variant="default" onClick={() => setIsOpen(true)}>
        {say('retention')}
      </Button>
      {isOpen && (
        <FormModal
          title={say('retention')}
          fields={[
            { name: 'keep', label: say('keep'), kind: 'choice', required: true, options },
            {
              name: 'days',
              label: say('days'),
              kind: 'number',
              min: 1,
              required: true,
              when: ({ keep }) => keep === 'days',
            },
          ]}
          initial={kept.data}
          onClose={() => setIsOpen(false)}
          onRace={() => dataOf(api.GET('/api/v1/admin/call-logs/retention'))}
          onSave={(body: Schemas['SetRetentionDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/call-logs/retention', { params: { header: ifMatch(version) }, body }),
            )
          }
        >
          {say('in_force', {
            text: effective === null ? say('keep_forever') : `${effective} ${say('days')}`,
          })}
        </FormModal>
      )}
    </>
  );
}
