import { bilingual } from '../../words/bilingual';

export const words = bilingual('configuration', {
  title: ['Configuration', '配置'],
  about: [
    'Groups, tools and keys as one YAML file, for version control. See what a file would change before it does.',
    '以一个 YAML 文件描述工具组、工具和密钥，便于版本管理。应用前可先查看差异。',
  ],
  load: ['Take the present state', '载入当前状态'],
  save: ['Save as a file', '另存为文件'],
  file: ['The file', '文件'],
  diff: ['What would change?', '查看差异'],
  apply: ['Apply it', '应用'],
  apply_text: [
    'All of it or nothing, in force at once on every replica. Changes: {{count}}',
    '整体生效或整体不生效，并立即应用到所有副本。更改数：{{count}}',
  ],
  no_changes: ['Nothing would change.', '没有变化。'],
  applied: ['Applied', '已应用'],
  new_keys: ['New keys', '新密钥'],
  what: ['What', '对象'],
  field: ['Field', '字段'],
  before: ['Before', '之前'],
  after: ['After', '之后'],
});
