import type { Field } from '../../parts/fields';
import { common } from '../../words/common';
import { roleWords } from '../../words/states';
import { useWords } from '../../words/use-words';
import { words } from './words';

/** What a group is asked for; its server code only once. */
export function useGroupFields(): {
  readonly forNew: readonly Field[];
  readonly forChange: readonly Field[];
} {
  const say = useWords(words);
  const shared = useWords(common);
  const role = useWords(roleWords);
  const roles = (Object.keys(roleWords.words) as (keyof typeof roleWords.words)[]).map((value) => ({
    value,
    label: role(value),
  }));
  const name: Field = { name: 'name', label: shared('name'), kind: 'text', required: true };
  const code: Field = {
    name: 'server_code',
    label: say('server_code'),
    kind: 'text',
    hint: say('server_code_hint'),
  };
  const about: Field = { name: 'description', label: shared('description'), kind: 'area' };
  const rest: Field[] = [
    { name: 'enabled', label: shared('enabled'), kind: 'switch' },
    { name: 'user_tier_access', label: say('tiers'), hint: say('tiers_hint'), kind: 'tags' },
    { name: 'allowed_roles', label: say('roles'), hint: say('tiers_hint'), kind: 'choices', options: roles },
    { name: 'sessions', label: say('sessions'), hint: say('sessions_hint'), kind: 'switch' },
    { name: 'policy', label: say('policy'), kind: 'json' },
  ];
  return { forNew: [name, code, about], forChange: [name, about, ...rest] };
}
