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

  // openapi
  'The API answered {0}': 'API 回答了 {0}',
  'The API answered {0}: ': 'API 回答了 {0}：',
  'The API answered {0} {1}': 'API 回答了 {0} {1}',
  'The API answered {0} {1}: ': 'API 回答了 {0} {1}：',
  'The API answered {0}: {1}': 'API 回答了 {0}：{1}',
  'The API answered {0} {1}: {2}': 'API 回答了 {0} {1}：{2}',
  'The file is not Base64 behind `;base64,`': '文件在 `;base64,` 之后不是 Base64',
  'The file is no `data:` URI: characters behind its comma must be percent-encoded':
    '文件不是 `data:` URI：逗号之后的字符必须经过百分号编码',
  'The document is {0}, not an object': '文档是{0}，而不是对象',
  'The document describes no paths, only webhooks, which call others: there is nothing to call':
    '文档没有描述路径，只有调用他人的 webhook：没有可调用的内容',
  'The document describes no paths: there is nothing to call': '文档没有描述路径：没有可调用的内容',
  'The document is empty': '文档为空',
  'The document is not JSON: {0}': '文档不是 JSON：{0}',
  'The document is a page, not OpenAPI: give the address of its JSON or YAML':
    '文档是网页而不是 OpenAPI：请提供其 JSON 或 YAML 的地址',
  'The document is neither JSON nor YAML: {0}': '文档既不是 JSON 也不是 YAML：{0}',
  'The document is AsyncAPI, not OpenAPI': '文档是 AsyncAPI 而不是 OpenAPI',
  'The document is a Postman collection: export it as OpenAPI first':
    '文档是 Postman 集合：请先导出为 OpenAPI',
  'The document says no version: `openapi: 3.x` or `swagger: "2.0"` must be at its root':
    '文档没有写明版本：根部必须有 `openapi: 3.x` 或 `swagger: "2.0"`',
  'The document is of version {0}; 2.0, 3.0 and 3.1 can be read': '文档的版本是 {0}；可读取 2.0、3.0 和 3.1',
  "The server's address needs a value for '{0}'": '服务器地址需要“{0}”的值',
  "'{0}' is not allowed for '{1}' of the server's address; use one of {2}":
    '服务器地址的“{1}”不允许“{0}”；请使用 {2} 之一',
  "The server's address '{0}' is not a whole URL: give the base URL of the API":
    '服务器地址“{0}”不是完整的 URL：请提供 API 的基础 URL',
  "The server's address must begin with http:// or https://": '服务器地址必须以 http:// 或 https:// 开头',
  "'{0}' is required": '“{0}”为必填项',
  "'{0}' must not be empty": '“{0}”不能为空',
  "A part of the path must not be '.' or '..'": '路径的任何部分都不能是“.”或“..”',
  'The arguments lead out of the API': '参数指向了 API 之外',
  "'{0}' is a header that cannot be set": '“{0}”是不能设置的标头',
  "'{0}' goes into a header: it may hold no line breaks and no characters beyond Latin-1":
    '“{0}”用于标头：不能含换行符或 Latin-1 以外的字符',
  'The API wants credentials ({0}) and none were given for it: an administrator sets them where the API is set up':
    'API 需要凭据（{0}），但尚未提供：由管理员在设置该 API 处填写',
  'Too many OpenAPI documents are being read; try again in a minute':
    '正在读取的 OpenAPI 文档过多；请一分钟后重试',
  'The document takes too much time or memory to be read: give one with fewer operations, or without the parts that nest without end':
    '读取该文档耗费过多时间或内存：请提供操作较少、或没有无限嵌套部分的文档',
  "The API's answer has more than the {0} bytes allowed; ask for less":
    'API 的回答超过允许的 {0} 字节；请减少请求的内容',
  'The API answered with what is not JSON, although it says so: {0}': 'API 的回答自称 JSON，但并不是：{0}',
  "A page came back in place of the API's answer{0}: a sign-in page or a proxy stands before the API, or its base URL is wrong":
    '返回的是网页而不是 API 的回答{0}：API 之前有登录页或代理，或者其基础 URL 有误',
  "The API's answer is packed in a way that was not asked for ({0})":
    'API 的回答使用了未请求的压缩方式（{0}）',
  'The API said that its answer is packed, and it cannot be unpacked': 'API 声称其回答已压缩，但无法解压',
  'The API redirects more than {0} times': 'API 的重定向超过 {0} 次',
  'The address of the API lies in a private network, which this installation does not allow (SOURCE_PRIVATE_NETWORKS)':
    'API 的地址位于私有网络，此安装不允许（SOURCE_PRIVATE_NETWORKS）',
  'The API cannot be reached ({0})': '无法连接到 API（{0}）',
  'The API redirects to what is no address': 'API 重定向到的不是地址',
  'The API redirects to {0}, not to http': 'API 重定向到 {0}，而不是 http',
  'The API redirects from https to http: what is sent there could be read by others':
    'API 从 https 重定向到 http：发送的内容可能被他人读取',
  "The API redirects to another host ({0}), where a request that changes things is not sent. Set the API's base URL to that host if it is right":
    'API 重定向到另一主机（{0}），会造成更改的请求不会发送到那里。如果该主机正确，请将 API 的基础 URL 设为它',
};
