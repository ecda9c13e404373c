import { bilingual } from '../../words/bilingual';

export const words = bilingual('alerts', {
  title: ['Alerts', '告警'],
  about: [
    'What needs a person. Each leads to what it is about.',
    '需要人工处理的事项，每条都链接到相关内容。',
  ],
  empty: ['Nothing needs you.', '没有需要处理的事项。'],
  what: ['What', '内容'],
  kind: ['Kind', '类型'],
  seen: ['Last seen', '最近出现'],
  times: ['Times', '次数'],
  state: ['State', '状态'],
  open: ['open', '未处理'],
  taken: ['taken care of', '已处理'],
  acknowledge: ['I take care of it', '我来处理'],
  to_key: ['To the key', '查看密钥'],
  to_calls: ['Its calls', '相关调用'],
  to_group: ['To the group', '查看工具组'],
  to_tools: ['To the tools', '查看工具'],
  to_jobs: ['To the job', '查看任务'],
  to_run: ['To the run', '查看运行'],
  to_agents: ['To the agents', '查看智能体'],
  to_audit: ['What changed before', '此前的更改'],
  first_seen: ['First seen', '首次出现'],
  from_where: ['From where', '来源'],
});
