import { Alert, Button, Group as Row, Text } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { FormModal } from '../../parts/form-modal';
import { Ready } from '../../parts/page';
import { Facts } from '../../parts/facts';
import { SecretShown } from '../../parts/secret';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { Part } from '.';
import { words } from './words';

type Doing = 'begin' | 'codes' | 'off' | null;

/** The authenticator app: set up, new recovery codes, taken away. */
export function FactorPart() {
  const say = useWords(words);
  const factor = useGet('/api/v1/auth/second-factor');
  const [doing, setDoing] = useState<Doing>(null);
  const [enrolled, setEnrolled] = useState<Schemas['EnrolledSecondFactorDto'] | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  return (
    <Part title={say('factor')}>
      <Ready of={factor}>
        {({ enabled, recovery_codes_left: count, missing }) => (
          <>
            {missing && <Alert color="yellow">{say('factor_missing')}</Alert>}
            <Text size="sm">{enabled ? say('factor_on', { count }) : say('factor_off')}</Text>
            <Row>
              {enabled ? (
                <>
                  <Button variant="default" onClick={() => setDoing('codes')}>
                    {say('new_codes')}
                  </Button>
                  <Button variant="light" color="red" onClick={() => setDoing('off')}>
                    {say('turn_off')}
                  </Button>
                </>
              ) : (
                <Button onClick={() => setDoing('begin')}>{say('set_up')}</Button>
              )}
            </Row>
          </>
        )}
      </Ready>
      <Doings doing={doing} onClose={() => setDoing(null)} onEnrolled={setEnrolled} onCodes={setCodes} />
      {enrolled && <Finish enrolled={enrolled} onClose={() => setEnrolled(null)} onCodes={setCodes} />}
      {codes && (
        <SecretShown
          title={say('recovery_codes')}
          lines={[{ label: say('recovery_codes'), text: codes.join('\n') }]}
          onClose={() => setCodes(null)}
        />
      )}
    </Part>
  );
}

type DoingsProps = {
  readonly doing: Doing;
  readonly onClose: () => void;
  readonly onEnrolled: (enrolled: Schemas['EnrolledSecondFactorDto']) => void;
  readonly onCodes: (codes: readonly string[]) => void;
};

function Doings({ doing, onClose, onEnrolled, onCodes }: DoingsProps) {
  const say = useWords(words);
  const shared = useWords(common);
  const password = { name: 'password', label: shared('password'), kind: 'password' } as const;
  const code = { name: 'code', label: say('code'), kind: 'text', required: true } as const;
  if (doing === 'begin')
    return (
      <FormModal
        title={say('set_up')}
        fields={[password]}
        initial={{}}
        saveText={shared('next')}
        onClose={onClose}
        onSave={async (body: Schemas['EnrolSecondFactorDto']) =>
          onEnrolled(await dataOf(api.POST('/api/v1/auth/second-factor', { body })))
        }
      />
    );
  if (doing === 'codes')
    return (
      <FormModal
        title={say('new_codes')}
        fields={[code]}
        initial={{}}
        onClose={onClose}
        onSave={async (body: Schemas['CodeDto']) =>
          onCodes(
            (await dataOf(api.POST('/api/v1/auth/second-factor/recovery-codes', { body }))).recovery_codes,
          )
        }
      />
    );
  if (doing !== 'off') return null;
  return (
    <FormModal
      title={say('turn_off')}
      fields={[code, password]}
      initial={{}}
      onClose={onClose}
      onSave={(body: Schemas['DisableSecondFactorDto']) =>
        dataOf(api.POST('/api/v1/auth/second-factor/disable', { body }))
      }
    />
  );
}

type FinishProps = {
  readonly enrolled: Schemas['EnrolledSecondFactorDto'];
  readonly onClose: () => void;
  readonly onCodes: (codes: readonly string[]) => void;
};

function Finish({ enrolled, onClose, onCodes }: FinishProps) {
  const say = useWords(words);
  return (
    <FormModal
      title={say('set_up')}
      fields={[{ name: 'code', label: say('code'), kind: 'text', required: true }]}
      initial={{}}
      onClose={onClose}
      onSave={async (body: Schemas['CodeDto']) =>
        onCodes((await dataOf(api.POST('/api/v1/auth/second-factor/confirm', { body }))).recovery_codes)
      }
    >
      <Text size="sm">{say('scan')}</Text>
      <Facts
        columns={1}
        facts={[
          { label: say('secret'), value: enrolled.secret },
          { label: say('address'), value: <a href={enrolled.uri}>{enrolled.uri}</a> },
        ]}
      />
    </FormModal>
  );
}
