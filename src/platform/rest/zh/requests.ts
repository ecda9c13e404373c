/** What any request can get wrong. See messages.zh.ts. */
export const requests: Readonly<Record<string, string>> = {
  // class-validator
  '{0} must be a string': '{0} 必须是字符串',
  'each value in {0} must be a string': '{0} 中的每个值都必须是字符串',
  '{0} must be a boolean value': '{0} 必须是布尔值',
  'each value in {0} must be a boolean value': '{0} 中的每个值都必须是布尔值',
  '{0} must be an integer number': '{0} 必须是整数',
  'each value in {0} must be an integer number': '{0} 中的每个值都必须是整数',
  '{0} must be a number conforming to the specified constraints': '{0} 必须是符合要求的数字',
  'each value in {0} must be a number conforming to the specified constraints':
    '{0} 中的每个值都必须是符合要求的数字',
  '{0} must be an array': '{0} 必须是数组',
  'each value in {0} must be an array': '{0} 中的每个值都必须是数组',
  '{0} must be an object': '{0} 必须是对象',
  'each value in {0} must be an object': '{0} 中的每个值都必须是对象',
  '{0} must be an email': '{0} 必须是电子邮件地址',
  'each value in {0} must be an email': '{0} 中的每个值都必须是电子邮件地址',
  '{0} must be a UUID': '{0} 必须是 UUID',
  'each value in {0} must be a UUID': '{0} 中的每个值都必须是 UUID',
  '{0} must be a Date instance': '{0} 必须是日期时间',
  'each value in {0} must be a Date instance': '{0} 中的每个值都必须是日期时间',
  '{0} must be a valid ISO 8601 date string': '{0} 必须是 ISO 8601 格式的日期时间',
  'each value in {0} must be a valid ISO 8601 date string': '{0} 中的每个值都必须是 ISO 8601 格式的日期时间',
  '{0} must be a URL address': '{0} 必须是 URL 地址',
  'each value in {0} must be a URL address': '{0} 中的每个值都必须是 URL 地址',
  '{0} must be a positive number': '{0} 必须是正数',
  'each value in {0} must be a positive number': '{0} 中的每个值都必须是正数',
  '{0} must be longer than or equal to {1} characters': '{0} 至少要有 {1} 个字符',
  'each value in {0} must be longer than or equal to {1} characters': '{0} 中的每个值至少要有 {1} 个字符',
  '{0} must be shorter than or equal to {1} characters': '{0} 最多只能有 {1} 个字符',
  'each value in {0} must be shorter than or equal to {1} characters': '{0} 中的每个值最多只能有 {1} 个字符',
  '{0} must be longer than or equal to {1} and shorter than or equal to {2} characters':
    '{0} 的长度必须在 {1} 到 {2} 个字符之间',
  'each value in {0} must be longer than or equal to {1} and shorter than or equal to {2} characters':
    '{0} 中每个值的长度必须在 {1} 到 {2} 个字符之间',
  '{0} must not be less than {1}': '{0} 不能小于 {1}',
  'each value in {0} must not be less than {1}': '{0} 中的每个值都不能小于 {1}',
  '{0} must not be greater than {1}': '{0} 不能大于 {1}',
  'each value in {0} must not be greater than {1}': '{0} 中的每个值都不能大于 {1}',
  '{0} must match {1} regular expression': '{0} 必须符合正则表达式 {1}',
  'each value in {0} must match {1} regular expression': '{0} 中的每个值都必须符合正则表达式 {1}',
  '{0} must be one of the following values: {1}': '{0} 必须是下列值之一：{1}',
  'each value in {0} must be one of the following values: {1}': '{0} 中的每个值都必须是下列值之一：{1}',
  '{0} must be equal to {1}': '{0} 必须等于 {1}',
  'each value in {0} must be equal to {1}': '{0} 中的每个值都必须等于 {1}',
  '{0} should not be empty': '{0} 不能为空',
  'each value in {0} should not be empty': '{0} 中的每个值都不能为空',
  '{0} must contain at least {1} elements': '{0} 至少要有 {1} 个元素',
  'each value in {0} must contain at least {1} elements': '{0} 中的每个值至少要有 {1} 个元素',
  '{0} must contain no more than {1} elements': '{0} 最多只能有 {1} 个元素',
  'each value in {0} must contain no more than {1} elements': '{0} 中的每个值最多只能有 {1} 个元素',
  "All {0}'s elements must be unique": '{0} 的元素不能重复',
  "each value in All {0}'s elements must be unique": '{0} 中每个值的元素不能重复',
  'nested property {0} must be either object or array': '{0} 必须是对象或数组',
  'each value in nested property {0} must be either object or array': '{0} 中的每个值都必须是对象或数组',
  '{0} is required': '{0} 为必填',
  'property {0} should not exist': '没有 {0} 这个字段',

  // every route
  'Cannot {0} {1}': '{0} {1}：没有这个地址',
  '{0} is not possible here; the Allow header says what is': '此地址不支持 {0}；Allow 响应头列出了支持的方法',
  'Wrong input: {0}': '输入有误：{0}',
  'Wrong input: {0} and {1} more': '输入有误：{0}，另有 {1} 处',
  'holds a character that cannot be stored (NUL or half a surrogate pair)':
    '含有无法存储的字符（NUL 或不成对的代理字符）',
  'is nested deeper than {0} levels': '嵌套超过 {0} 层',
  'has a name that cannot be stored': '含有无法存储的字段名',
  'must be one of {0}': '必须是下列值之一：{0}',
  '{0} must be a time as in 2026-01-31T08:00:00Z': '{0} 必须是形如 2026-01-31T08:00:00Z 的时间',
  'Send the body as JSON, with Content-Type: application/json':
    '请以 JSON 发送请求体，并带上 Content-Type: application/json',
  'The body is not valid JSON': '请求体不是有效的 JSON',
  'The body is nested deeper than {0} levels': '请求体嵌套超过 {0} 层',
  'The body holds more than {0} values': '请求体包含的值超过 {0} 个',
  'The body must be UTF-8': '请求体必须是 UTF-8',
  'Send the body in UTF-8; charset {0} is not read': '请以 UTF-8 发送请求体；不支持字符集 {0}',
  'The body is larger than {0} bytes': '请求体超过 {0} 字节',
  'The body cannot be read': '无法读取请求体',
  'Pages of this origin may not call; see ALLOWED_ORIGINS': '此来源的网页无权调用；参见 ALLOWED_ORIGINS',
  'No connection to the database became free in time; try again later':
    '未能及时获得空闲的数据库连接；请稍后再试',
  'The database cannot be reached at the moment; try again later': '暂时无法连接数据库；请稍后再试',
  'The database takes no changes at the moment; try again in a few seconds':
    '数据库暂时不接受更改；请几秒后再试',
  'The database has no room for more work at the moment; try again in a few seconds':
    '数据库暂时没有余力处理更多工作；请几秒后再试',
  'Something went wrong on our side; the log has it under {0}': '服务器内部出错；日志编号为 {0}',
  'This replica has lost touch with the database and cannot know whether your key is still valid. Try again in a few seconds.':
    '此副本与数据库失去联系，无法确认您的密钥是否仍然有效。请几秒后再试。',
  'The cursor is not valid; use next_cursor of the page before, unchanged':
    '游标无效；请原样使用上一页的 next_cursor',
  'not a cursor of this list': '不是此列表的游标',
  'If-Match must be the ETag of the last answer, e.g. "7", or *':
    'If-Match 必须是上一次响应的 ETag（例如 "7"）或 *',
  'This was changed since you read it (version {0}, now {1}). Read it again and repeat your change':
    '您读取之后它已被修改（当时版本 {0}，现在 {1}）。请重新读取后再修改',
  'Your tenant keeps as many answers of requests with an Idempotency-Key as it may; they go after {0} hours':
    '您的租户已保存了允许数量的带 Idempotency-Key 请求的应答；它们会在 {0} 小时后清除',
  'This route shows a secret, so it takes no Idempotency-Key: an answer that is kept could be shown again off the record':
    '此接口会显示机密，因此不接受 Idempotency-Key：保存的响应可能在没有记录的情况下再次显示',
  'This Idempotency-Key was used for a request with another body or query; send a new key with a new request':
    '此 Idempotency-Key 已用于另一个内容不同的请求；新的请求请使用新的键',
  'The first request with this Idempotency-Key is still being worked on; repeat it in a moment':
    '使用此 Idempotency-Key 的第一个请求仍在处理中；请稍后重试',
  'The first request with this Idempotency-Key was carried out, but its answer was lost; read what it made, and do not repeat it':
    '使用此 Idempotency-Key 的第一个请求已经执行，但其响应已丢失；请查看执行结果，不要重复请求',
  'Another request with this Idempotency-Key has taken over; nothing was changed by this one':
    '使用此 Idempotency-Key 的另一个请求已接手；本请求没有做任何修改',
  'Idempotency-Key must be 1 to 255 visible ASCII characters, for instance a UUID':
    'Idempotency-Key 必须是 1 到 255 个可见 ASCII 字符，例如一个 UUID',
};
