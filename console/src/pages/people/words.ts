import { bilingual } from '../../words/bilingual';

export const words = bilingual('people', {
  title: ['People', '人员'],
  about: ['Who may sign in, and what their roles open to them.', '谁可以登录，以及其角色的权限。'],
  add: ['Add a person', '添加人员'],
  filter: ['Name or e-mail', '姓名或邮箱'],
  username: ['Username', '用户名'],
  phone: ['Phone', '电话'],
  tier: ['Tier', '等级'],
  password_hint: ['Left out: give them a one-time token to set it', '留空：通过一次性令牌自行设置'],
  factor: ['Second factor', '双重验证'],
  reset: ['One-time token for a new password', '生成重置密码的一次性令牌'],
  reset_shown: [
    'Give them this token: it sets a new password once',
    '请将此令牌交给本人：可一次性设置新密码',
  ],
  take_factor: ['Take the second factor away', '移除双重验证'],
  take_factor_text: [
    'For who lost their device: the password alone signs them in until they set up another.',
    '适用于丢失设备的人员：在重新设置前仅凭密码即可登录。',
  ],
  sessions: ['Signed in', '登录记录'],
  end: ['End', '结束'],
  end_all: ['End all of their sign-ins', '结束其所有登录'],
  tokens: ['Personal tokens', '个人令牌'],
  identities: ['Accounts at outside providers', '外部身份'],
  link: ['Link an account', '关联外部身份'],
  provider: ['Provider', '身份提供方'],
  subject: ['Subject (sub) there', '在该处的标识（sub）'],
  unlink: ['Unlink', '解除关联'],
  delete: ['Delete this person', '删除人员'],
  delete_text: [
    'Their sign-ins and tokens end at once. What they did stays in the audit.',
    '其登录和令牌立即失效；操作记录保留在审计日志中。',
  ],
  register: ['Register a customer', '注册客户'],
});
