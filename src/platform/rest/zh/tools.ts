/** Tool groups, keys, tools and the call log. See messages.zh.ts. */
export const tools: Readonly<Record<string, string>> = {
  // groups, keys, tools
  'No group {0}': '没有工具组 {0}',
  'days goes with keep = days only': '只有 keep = days 时才能填写 days',
  'must be given when keep is days': 'keep 为 days 时必须填写',
  'must be left out unless keep is days': '除非 keep 为 days，否则必须省略',
  'Hours are kept for 400 days; ask by day': '小时统计保留 400 天；请按天查询',
  'is too long ago for hours': '时间太早，没有小时统计',
  'The search took too long; narrow the time (from, to)': '搜索耗时过长；请缩小时间范围（from、to）',
  'There is no word in what is sought': '要查找的内容中没有词语',
  'must have a letter or a digit': '必须包含字母或数字',
  'from must be before to': 'from 必须早于 to',
  'days goes with no from': 'days 不能与 from 一起使用',
  'from must be at most {0} days before to': 'from 最多只能比 to 早 {0} 天',
  'time_zone must be the name of a time zone, such as Europe/Berlin':
    'time_zone 必须是时区名称，例如 Europe/Berlin',
  'does not fit': '不合适',
  'Apps are counted over all tools and groups': '应用的统计不区分工具和工具组',
  'goes with no tool and no group': '不能与工具或工具组一起使用',
  'Group {0} is not there or has no active key': '工具组 {0} 不存在或没有有效的密钥',
  'must not hold control characters': '不能含有控制字符',
  'server_code never changes: clients have it in their URLs; make another group instead':
    'server_code 不能修改：客户端的 URL 中含有它；请另建一个工具组',
  'each of {0} must be 1 to 32 of a-z, 0-9, _ and -':
    '{0} 中的每一项必须是 1 到 32 个字符，只能用 a-z、0-9、_ 和 -',
  'server_code must be 3 to 32 of a-z, 0-9 and -, and begin with a letter or digit':
    'server_code 必须是 3 到 32 个字符，只能用 a-z、0-9 和 -，并以字母或数字开头',
  'server_code is reserved; so are {0}': 'server_code 是保留字；保留字有：{0}',
  'The server_code is taken; choose another or leave it out': 'server_code 已被占用；请换一个或留空',
  'is taken': '已被占用',
  'Another group of yours has this name': '您已有同名的工具组',
  'Only owners and admins may see the key; leave include_key out':
    '只有所有者和管理员可以查看密钥；请去掉 include_key',
  'No tool {0}': '没有工具 {0}',
  "tool_name: no tool '{0}' is registered; GET /api/v1/admin/tools/registered lists them":
    'tool_name：没有注册名为“{0}”的工具；GET /api/v1/admin/tools/registered 会列出全部工具',
  "The group has '{0}' already": '工具组已有“{0}”',
  'is no setting of this tool; it has {0}': '不是此工具的设置；此工具有 {0}',
  'The tool has just been moved to another group. Read it and repeat your change':
    '此工具刚刚被移到另一个工具组。请重新读取后再修改',
  'A group would have two tools of one name. Nothing was changed': '某个工具组会有两个同名工具。未做任何更改',
  'is in the group already': '已在工具组中',
  'This tool takes no {0}': '此工具不接受 {0}',
  'must be empty': '必须为空',
  'Invalid {0}: {1}': '{0} 无效：{1}',

  // call log
  'No call {0}': '没有调用记录 {0}',
  'The call log cannot keep up, so the call was not run. Try again in a few seconds.':
    '调用日志来不及写入，因此没有执行此调用。请几秒后再试。',
  'The call log cannot be written, so the call was not run. Try again in a few seconds.':
    '无法写入调用日志，因此没有执行此调用。请几秒后再试。',
  'The record of this call could not be written yet, so its answer is withheld. It may have run: check before you repeat it.':
    '此调用的记录尚未写入，因此暂不返回结果。调用可能已经执行：重试前请先确认。',
};
