import { bilingual } from '../../words/bilingual';

export const words = bilingual('evidence', {
  title: ['Evidence', '证据'],
  about: [
    'Signed checkpoints over the call log: who changes a record afterwards is found out.',
    '对调用日志的签名检查点：事后篡改记录会被发现。',
  ],
  make: ['Make a checkpoint now', '立即生成检查点'],
  number: ['Number', '编号'],
  key: ['Signed with', '签名密钥'],
  text: ['What is signed', '签名内容'],
  signature: ['Signature', '签名'],
  deliveries: ['Kept outside', '外部保存'],
  nowhere: [
    'Checkpoints are kept nowhere outside: set CHECKPOINT_FILE, CHECKPOINT_WEBHOOK_URL or CHECKPOINT_BUCKET_URL, so that a change of all of them is found out, too.',
    '检查点尚未保存到外部：请设置 CHECKPOINT_FILE、CHECKPOINT_WEBHOOK_URL 或 CHECKPOINT_BUCKET_URL，以便发现整体篡改。',
  ],
  delivered: ['up to {{number}}', '至第 {{number}} 个'],
  keys: ['Public keys', '公钥'],
  empty: [
    'No checkpoints yet: one is made within a minute of the first call.',
    '还没有检查点：首次调用后一分钟内生成。',
  ],
});
