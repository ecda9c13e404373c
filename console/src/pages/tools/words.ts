import { bilingual } from '../../words/bilingual';

export const words = bilingual('tools', {
  title: ['Tools', '工具'],
  about: [
    'All that groups can be given, as their authors describe them.',
    '所有可以分配给工具组的工具，以及作者的说明。',
  ],
  category: ['Category', '类别'],
  version: ['Version', '版本'],
  input: ['What it is asked (JSON Schema)', '输入（JSON Schema）'],
  output: ['What it answers (JSON Schema)', '输出（JSON Schema）'],
  config: ['What can be set for it (JSON Schema)', '可配置项（JSON Schema）'],
  hints: ['Hints for agents', '给智能体的提示'],
  in_groups: ['Groups that have it', '拥有该工具的组'],
  in_no_group: ['No group has it: agents do not see it.', '没有工具组拥有它：智能体看不到。'],
  test: ['Test call', '测试调用'],
  test_about: [
    'As an agent of this group would call it, with its limits and its settings. It is on record as a test.',
    '如同该组的智能体进行调用，受其限额和设置约束；会作为测试记录。',
  ],
  run: ['Call it', '调用'],
  as_form: ['Form', '表单'],
  as_json: ['JSON', 'JSON'],
  in_group: ['In which group', '在哪个组'],
  answered: ['Answered in {{text}}', '{{text}} 内返回'],
  said_no: ['The tool said no, after {{text}}', '工具返回错误，耗时 {{text}}'],
  result: ['Result', '结果'],
  history: ['Its test calls', '测试记录'],
  filter: ['Name or description', '名称或描述'],
  circuits: ['Not called at the moment', '暂停调用中'],
  circuits_text: [
    'These failed too often of late. They are tried again by themselves.',
    '这些工具近期失败过多，会自动重试。',
  ],
  reset: ['Call it again now', '立即恢复调用'],
  empty: ['No tools are registered.', '没有已注册的工具。'],
});
