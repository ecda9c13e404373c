import { bilingual } from '../../words/bilingual';

export const words = bilingual('groups', {
  title: ['Tool groups', '工具组'],
  about: [
    'A group has its own MCP address, its own tools and its own keys. Agents that hold a key see nothing else.',
    '每个工具组有自己的 MCP 地址、工具和密钥。持有密钥的智能体只能看到该组的内容。',
  ],
  create: ['New group', '新建工具组'],
  empty: [
    'No groups yet. Make one, choose its tools, and connect an agent.',
    '还没有工具组。新建一个，选择工具，然后连接智能体。',
  ],
  server_code: ['Server code', '服务代码'],
  server_code_hint: [
    'Part of the address; made from the name when left out. It cannot be changed later.',
    '地址的一部分；留空则由名称生成。之后不能更改。',
  ],
  tools: ['Tools', '工具数'],
  key: ['Key', '密钥'],
  made: ['The group is there', '工具组已创建'],
  key_label: ['Its first key', '第一个密钥'],
  url_label: ['MCP address', 'MCP 地址'],
  sessions: ['Sessions', '会话'],
  sessions_hint: [
    'Only for clients of older protocol revisions that cannot do without.',
    '仅供离不开会话的旧版协议客户端使用。',
  ],
  tiers: ['Open to tiers', '开放的用户等级'],
  tiers_hint: ['Empty: everybody', '留空：所有人'],
  roles: ['Open to roles', '开放的角色'],
  policy: ['Limits, redaction and more (JSON)', '限额、脱敏等（JSON）'],
  filter: ['Name or code', '名称或代码'],
});
