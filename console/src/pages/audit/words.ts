import { bilingual } from '../../words/bilingual';

export const words = bilingual('audit', {
  title: ['Audit', '审计'],
  about: [
    'What administrators did and tried: who, what, from where, and what came of it.',
    '管理员的操作与尝试：谁、做了什么、来自哪里、结果如何。',
  ],
  actor: ['Who', '操作者'],
  action: ['What', '操作'],
  target: ['To what', '对象'],
  target_kind: ['Kind of thing', '对象类型'],
  result: ['Outcome', '结果'],
  failed: ['failed', '失败'],
  words: ['Words in it', '包含的词'],
  before: ['Before', '之前'],
  after: ['After', '之后'],
  from_where: ['From where', '来源'],
  browser: ['Program', '客户端'],
  request: ['Request', '请求'],
  csv: ['As CSV', 'CSV'],
  jsonl: ['As JSON Lines', 'JSON Lines'],
  empty: ['Nobody has changed anything yet.', '还没有任何更改。'],
  all_of_target: ['All changes of this', '该对象的全部更改'],
});
