import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { ApiFailure } from '../api/failure';
import { queryClient } from '../api/queries';
import { common } from '../words/common';
import { say } from '../words/use-words';

/** Tells what went wrong: what the service says, field by field, and the id under which its log says more. */
export function FailureText({ failure }: { readonly failure: unknown }) {
  if (!(failure instanceof Error)) return null;
  const { details = [], requestId = null } = failure instanceof ApiFailure ? failure : {};
  return (
    <>
      <Text size="sm" className="wrap-any">
        {failure.message}
      </Text>
      {details.map((detail) => (
        <Text size="sm" key={`${detail.field} ${detail.message}`} className="wrap-any">
          {detail.field ? `${detail.field}: ` : ''}
          {detail.message}
        </Text>
      ))}
      {requestId && (
        <Text size="xs" c="dimmed" className="wrap-any">
          {say(common, 'request_id', { id: requestId })}
        </Text>
      )}
    </>
  );
}

export function tellFailure(failure: unknown): void {
  notifications.show({
    color: 'red',
    title: say(common, 'failed_title'),
    message: <FailureText failure={failure} />,
    autoClose: 15_000,
  });
}

export function tellDone(message: string): void {
  notifications.show({ color: 'teal', message, autoClose: 4000 });
}

/** Does something once, says how it went, and has what is on screen read anew. */
export function useAct() {
  const [isBusy, setIsBusy] = useState(false);
  async function act<T>(work: () => Promise<T>, done?: string): Promise<T | undefined> {
    setIsBusy(true);
    try {
      const result = await work();
      if (done) tellDone(done);
      return result;
    } catch (failure) {
      tellFailure(failure);
      return undefined;
    } finally {
      setIsBusy(false);
      void queryClient.invalidateQueries();
    }
  }
  return { act, isBusy };
}
