import { bilingual } from '../../words/bilingual';

export const words = bilingual('tenants', {
  title: ['Tenants', '租户'],
  about: [
    'Companies and departments of this installation. None sees anything of another.',
    '本系统中的公司与部门，彼此完全隔离。',
  ],
  new: ['New tenant', '新建租户'],
  filter: ['Name', '名称'],
  people: ['People', '人员'],
  groups: ['Groups', '工具组'],
  keys: ['Active keys', '有效密钥'],
  owner_email: ['E-mail of its owner', '所有者邮箱'],
  owner_name: ['Name of its owner', '所有者姓名'],
  made: ['The tenant is there', '租户已创建'],
  owner_password: ['First password of {{email}}', '{{email}} 的初始密码'],
  rename: ['Rename', '重命名'],
  suspend: ['Suspend', '暂停'],
  suspend_text: [
    'Nobody of it signs in, and its keys open nothing, at once. Its data stays.',
    '其人员无法登录，密钥立即失效；数据保留。',
  ],
  resume: ['End the suspension', '恢复'],
  delete: ['Delete for good', '永久删除'],
  delete_text: [
    'Everything it owns is removed for good, in the background. Only a suspended tenant can be deleted.',
    '其所有数据将在后台被永久删除。只能删除已暂停的租户。',
  ],
  operating: ['runs this installation', '运营本系统'],
  deletions: ['Deletions', '删除任务'],
  rows: ['{{done}} of {{total}} rows', '{{done}} / {{total}} 行'],
  export: ['All data of your own tenant', '导出本租户的全部数据'],
});
