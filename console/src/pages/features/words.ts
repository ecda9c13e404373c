import { bilingual } from '../../words/bilingual';

export const words = bilingual('features', {
  title: ['Features', '功能开关'],
  about: [
    'Switches: for your tenant, or for every tenant without its own. In force at once on every replica.',
    '开关：针对本租户，或所有未自行设置的租户。在所有副本上立即生效。',
  ],
  name: ['Name', '名称'],
  scope: ['Counts for', '适用范围'],
  tenant: ['this tenant', '本租户'],
  installation: ['the installation', '整个系统'],
  percentage: ['Share of people', '人员比例'],
  percentage_hint: ['Percent, always the same people', '百分比，始终是同一批人'],
  roles: ['Only for roles', '仅限角色'],
  roles_hint: ['Empty: everybody', '留空：所有人'],
  new: ['New switch', '新建开关'],
  yours: ['On for you', '对您启用'],
  remove_text: [
    'What counts without it: the installation’s switch, else off.',
    '移除后以系统开关为准，否则为关闭。',
  ],
  empty: ['No switches are set.', '尚未设置开关。'],
});
