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
};
