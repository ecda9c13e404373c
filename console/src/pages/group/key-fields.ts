import type { Field } from '../../parts/fields';
import { useGet } from '../../api/queries';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

export function useKeyFields(groupId: string): readonly Field[] {
  const say = useWords(words);
  const shared = useWords(common);
  const tools = useGet('/api/v1/admin/tools', { query: { group_id: groupId, limit: 200 } });
  const names = (tools.data ?? []).map(({ tool_name }) => ({ value: tool_name, label: tool_name }));
  return [
    { name: 'name', label: say('key_name'), kind: 'text', required: true },
    { name: 'owner', label: say('key_owner'), kind: 'text' },
    { name: 'expires_at', label: shared('expires'), hint: say('key_expires_hint'), kind: 'time' },
    { name: 'allowed_networks', label: say('networks'), hint: say('networks_hint'), kind: 'tags' },
    { name: 'tools', label: say('key_tools'), hint: say('key_tools_hint'), kind: 'choices', options: names },
    { name: 'limits', label: say('key_limits'), kind: 'json' },
    { name: 'decoy', label: say('decoy'), hint: say('decoy_hint'), kind: 'switch' },
  ];
}
