import { bilingual } from '../../words/bilingual';

export const words = bilingual('start', {
  title: ['Connect an agent', '连接智能体'],
  about: ['Three steps to the first call.', '三步完成第一次调用。'],
  step_group: ['A group', '工具组'],
  step_group_text: ['Take one, or make one', '选择或新建'],
  step_tools: ['Its tools', '选择工具'],
  step_tools_text: ['What the agent may use', '智能体可以使用的内容'],
  step_connect: ['Connect', '连接'],
  step_connect_text: ['Paste and wait for the first call', '粘贴后等待第一次调用'],
  take: ['Use this group', '使用该组'],
  or_make: ['Or make a new one', '或新建一个'],
  name: ['Name of the new group', '新工具组的名称'],
  make: ['Make it', '新建'],
  tools_now: ['Tools of this group: {{count}}', '该组的工具数：{{count}}'],
  go_on: ['Go on', '继续'],
  finish: ['To the group', '前往工具组'],
});
