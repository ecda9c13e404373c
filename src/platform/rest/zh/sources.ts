/** Messages about tools that tenants bring. */
export const sources: Readonly<Record<string, string>> = {
  'must be a SHA-256 in hexadecimal': '必须是十六进制的 SHA-256',
  "Nothing here runs tools of kind '{0}'": '此处没有能运行“{0}”类工具的程序',
  'This tool takes no config_data': '此工具不接受 config_data',
  'It cannot be served: {0}': '无法提供此工具：{0}',
  'Nothing of it waits for approval': '没有等待批准的内容',
  'Its definition has changed since you read it. Read it again and decide':
    '您读取之后，它的定义又有变化。请重新读取后再决定',
  'is not the digest of the definition that waits': '不是等待批准的定义的摘要',
  "'{0}' cannot run: {1}": '“{0}”无法运行：{1}',
  "'{0}' has just ceased to be offered. Look at the file and repeat": '“{0}”刚刚不再提供。请检查文件后重试',

  // upstreams
  'This process starts nobody’s programs': '此进程不会为任何人启动程序',
  'must have mcpServers or servers, an object': '必须有 mcpServers 或 servers 对象',
  'Its name cannot be used; rename it in the file': '名称无法使用；请在文件中改名',
  'must have at most {0} servers': '最多 {0} 个服务',
  'No upstream {0}': '没有上游服务 {0}',
  "The upstream '{0}' is off": '上游服务“{0}”已停用',
  'The upstream is gone': '上游服务已不存在',
  'The service stops': '服务正在停止',
  '{0}; it is left alone for a moment': '{0}；暂时不再尝试',
  'The upstream ended by itself soon after its start': '上游服务启动后不久自行退出',
  "The upstream '{0}' wants credentials, or refuses those it was given":
    '上游服务“{0}”需要凭据，或拒绝了现有凭据',
  "The upstream '{0}' cannot be used: {1}": '上游服务“{0}”无法使用：{1}',
  "The upstream '{0}' refused: {1}": '上游服务“{0}”拒绝：{1}',
  "The upstream '{0}' went away; the call may have taken effect": '上游服务“{0}”中途断开；调用可能已经生效',
  "The upstream '{0}' failed: {1}; the call may have taken effect":
    '上游服务“{0}”失败：{1}；调用可能已经生效',
  'The stored secrets of the upstream do not open; give them anew':
    '无法打开此上游服务存储的机密；请重新提供',
  '{0} has no value: give it as a secret of the upstream': '{0} 没有值：请作为此上游服务的机密提供',
  'has no {0}': '缺少 {0}',
  'is required for stdio': 'stdio 必须提供',
  'is required for {0}': '{0} 必须提供',
  'does not go with stdio': '不能与 stdio 一起使用',
  'goes with stdio only': '只能与 stdio 一起使用',
  'is no name of a variable': '不是变量名',
  'is no header that can be set': '不是可以设置的请求头',
  'must begin with {0}//': '必须以 {0}// 开头',
  'must hold no user and no password; use headers': '不能包含用户名和密码；请使用 headers',
  'is an address of a private network: see UPSTREAM_PRIVATE_NETWORKS':
    '是专用网络的地址：参见 UPSTREAM_PRIVATE_NETWORKS',
  'must be one line': '必须是一行',
  'must have at most {0} entries': '最多 {0} 项',
  'must hold texts of at most {0} characters': '每项必须是不超过 {0} 个字符的文本',
  'must be a text under the name of a variable': '必须是以变量名命名的文本',
  'Programs may not be started for your tenant (UPSTREAM_STDIO); use a server with a URL':
    '不允许为您的租户启动程序（UPSTREAM_STDIO）；请使用有 URL 的服务',
  'Another upstream of yours has this name': '您已有同名的上游服务',
  'must be 1 to 64 letters, digits, spaces and . _ @ / -, and begin with a letter or digit':
    '必须是 1 到 64 个字母、数字、空格和 . _ @ / -，并以字母或数字开头',
  'must be at most 20 of A-Z a-z 0-9 _ -, and begin with a letter':
    '最多 20 个字符，只能用 A-Z a-z 0-9 _ -，并以字母开头',
};
