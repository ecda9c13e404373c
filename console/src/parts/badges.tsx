import { Badge } from '@mantine/core';
import { states } from '../words/states';
import { useWords } from '../words/use-words';

type State = keyof typeof states.words;

const COLOR: Readonly<Record<string, string>> = {
  active: 'teal',
  enabled: 'teal',
  done: 'teal',
  sent: 'teal',
  ok: 'teal',
  claimed: 'teal',
  online: 'teal',
  create: 'teal',
  queued: 'blue',
  running: 'blue',
  waiting: 'blue',
  update: 'blue',
  open: 'orange',
  retiring: 'yellow',
  skipped: 'gray',
  half_open: 'yellow',
  refused: 'orange',
  suspended: 'orange',
  released: 'gray',
  dead: 'red',
  failed: 'red',
  revoked: 'gray',
  cancelled: 'gray',
  suppressed: 'gray',
  closed: 'gray',
  disabled: 'gray',
  timed_out: 'red',
  lost: 'red',
  deleting: 'red',
  delete: 'red',
  offline: 'gray',
  expired: 'orange',
};

/** One word per state, the same on every page. */
export function StateBadge({ state }: { readonly state: string }) {
  const say = useWords(states);
  const text = state in states.words ? say(state as State) : state;
  return (
    <Badge variant="light" color={COLOR[state] ?? 'gray'} tt="none" fw={600}>
      {text}
    </Badge>
  );
}

export function OnOff({ on }: { readonly on: boolean }) {
  return <StateBadge state={on ? 'enabled' : 'disabled'} />;
}
