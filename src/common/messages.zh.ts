/**
 * The Chinese of what a failure of the REST API can say, by the English that the code throws; `{0}`, `{1}` stand for what is put
 * in, from the left. A test finds every such message in the sources and names those that are missing here.
 */
export const zh: Readonly<Record<string, string>> = {
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
  'property {0} should not exist': '没有 {0} 这个字段',

  // every route
  'Cannot {0} {1}': '{0} {1}：没有这个地址',
  '{0} is not possible here; the Allow header says what is': '此地址不支持 {0}；Allow 响应头列出了支持的方法',
  'Wrong input: {0}': '输入有误：{0}',
  'holds a character that cannot be stored (NUL or half a surrogate pair)':
    '含有无法存储的字符（NUL 或不成对的代理字符）',
  'is nested deeper than {0} levels': '嵌套超过 {0} 层',
  'has a name that cannot be stored': '含有无法存储的字段名',
  'must be one of {0}': '必须是下列值之一：{0}',
  '{0} must be a time as in 2026-01-31T08:00:00Z': '{0} 必须是形如 2026-01-31T08:00:00Z 的时间',
  'Send the body as JSON, with Content-Type: application/json':
    '请以 JSON 发送请求体，并带上 Content-Type: application/json',
  'The body is not valid JSON': '请求体不是有效的 JSON',
  'The body is larger than {0} bytes': '请求体超过 {0} 字节',
  'The body cannot be read': '无法读取请求体',
  'Pages of this origin may not call; see ALLOWED_ORIGINS': '此来源的网页无权调用；参见 ALLOWED_ORIGINS',
  'The database cannot be reached at the moment; try again later': '暂时无法连接数据库；请稍后再试',
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

  // signing in
  'Sign in first: send Authorization: Bearer <access token>':
    '请先登录：发送 Authorization: Bearer <访问令牌>',
  'The access token has expired; use POST /api/v1/auth/refresh':
    '访问令牌已过期；请使用 POST /api/v1/auth/refresh',
  'The access token is not valid; sign in again': '访问令牌无效；请重新登录',
  'This route declares no permission, so nobody may use it': '此接口没有声明权限，因此任何人都不能使用',
  'This needs the permission {0}, which these roles have: {1}': '需要权限 {0}，拥有该权限的角色：{1}',
  'The refresh token is not valid any more; sign in again': '刷新令牌已失效；请重新登录',
  'This sign-in has ended; sign in again': '本次登录已结束；请重新登录',
  'E-mail or password is wrong': '电子邮件或密码错误',
  'You belong to several tenants; name the one to sign in to': '您属于多个租户；请指明要登录的租户',
  'is needed here': '此处必填',
  'Too many requests to sign in from your address; try again in {0} seconds':
    '来自您地址的登录请求过多；请在 {0} 秒后再试',
  'Too many failed sign-ins; try again in {0} seconds': '登录失败次数过多；请在 {0} 秒后再试',

  // groups, keys, tools
  'No group {0}': '没有工具组 {0}',
  'days goes with keep = days only': '只有 keep = days 时才能填写 days',
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
  'is in the group already': '已在工具组中',
  "No tool '{0}' is registered in this build": '此版本没有注册名为“{0}”的工具',
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
  // people, keys, configuration, tenants
  'No audit entry {0}': '没有审计记录 {0}',
  'You have {0} tokens; revoke one first': '您已有 {0} 个令牌；请先吊销一个',
  'No token {0}': '没有令牌 {0}',
  'The personal access token is unknown, expired or revoked; make another':
    '个人访问令牌不存在、已过期或已吊销；请新建一个',
  'you do not have: {0}': '您没有：{0}',
  'is past': '已经过去',
  'is more than a year away': '超过一年',
  'A personal access token does not open this; sign in yourself': '个人访问令牌不能用于此处；请本人登录',
  'Too many requests from your address; try again in {0} seconds':
    '来自您的地址的请求过多；请在 {0} 秒后重试',
  'A second factor is set up already; disable it first': '已设置第二因素；请先停用',
  'There is nothing to confirm; begin anew': '没有需要确认的内容；请重新开始',
  'is wrong; check the clock of the phone': '不正确；请检查手机的时间',
  'The code is wrong or was used already; take the next one': '验证码错误或已使用；请使用下一个',
  'There is no second factor': '没有设置第二因素',
  'The mfa_token is not valid any more; sign in again': 'mfa_token 已失效；请重新登录',
  '{0} must be {1} to {2} characters long': '{0} 的长度必须为 {1} 到 {2} 个字符',
  '{0} is too easy to guess: common words, your own names, repetitions and runs like 1234 do not count; add other words':
    '{0} 太容易猜到：常用词、您自己的名字、重复字符以及 1234 之类的序列不计入；请加上其他词语',
  'You sign in without a password; an administrator can reset it to give you one':
    '您不使用密码登录；管理员可以通过重置为您设置密码',
  'The {0} is wrong': '{0} 错误',
  'The token is not valid any more; ask for a new one': '令牌已失效；请重新申请',
  'is needed': '为必填',
  'No session {0}': '没有会话 {0}',
  'The access token is not valid or has expired; sign in again': '访问令牌无效或已过期；请重新登录',
  'No key {0}': '没有密钥 {0}',
  'expires_at must be a time as in 2026-01-31T08:00:00Z': 'expires_at 必须是时间，例如 2026-01-31T08:00:00Z',
  'Only a key that works can be replaced; make a new one': '只有可用的密钥才能轮换；请新建一个',
  'The key is revoked; it cannot be changed any more. Make a new one': '密钥已吊销，不能再修改。请新建一个',
  'the group has no {0}': '该组没有 {0}',
  'Another active key of the group has this name': '该组的另一个有效密钥已使用此名称',
  'name either key_id or user_id': '请指定 key_id 或 user_id 之一',
  'No user {0}': '没有用户 {0}',
  'the group is not for {0}; a tool may only narrow what its group allows':
    '该组不面向 {0}；工具只能缩小其所属组允许的范围',
  'No alert {0}': '没有警报 {0}',
  'The configuration file is not usable: {0}': '配置文件不可用：{0}',
  'has more than {0} anchors, tags and directives': '锚点、标签和指令超过 {0} 个',
  'is nested too deeply': '嵌套过深',
  'is not valid YAML: {0}': '不是有效的 YAML：{0}',
  'has {0} twice in one mapping': '同一映射中 {0} 出现了两次',
  'uses its anchors too often (more than {0} times)': '锚点使用次数过多（超过 {0} 次）',
  'has the number {0}, which JSON does not know': '含有 JSON 不支持的数字 {0}',
  'cannot be a name': '不能用作名称',
  'Send the configuration file as the body': '请将配置文件作为请求正文发送',
  'If-Match must be the ETag of an export or a diff, with its quotes, or *':
    'If-Match 必须是导出或差异的 ETag（包括引号），或 *',
  'The file changes keys, which needs the permission keys.write': '该文件会更改密钥，需要 keys.write 权限',
  'The configuration changed since the diff was shown. Look at the diff again and repeat with its ETag':
    '显示差异之后配置已发生变化。请重新查看差异并使用其 ETag 重试',
  'name must be 1 to 64 of a-z, 0-9, ., _ and -': 'name 必须由 1 到 64 个 a-z、0-9、.、_ 和 - 组成',
  'This switch is not there any more. Send no If-Match to make it':
    '此开关已不存在。如需创建，请不要发送 If-Match',
  'Somebody made this switch at the same moment. Read it and repeat your change':
    '有人同时创建了此开关。请读取后重复您的更改',
  "No switch '{0}' of your tenant": '您的租户没有开关“{0}”',
  "No switch '{0}' of the installation": '本安装没有开关“{0}”',
  '{0} must be 2 to 64 of a-z, 0-9, ., _ and -, beginning with a letter or digit':
    '{0} 必须由 2 到 64 个 a-z、0-9、.、_ 和 - 组成，并以字母或数字开头',
  '{0} must be in E.164, e.g. +8613800138000': '{0} 必须为 E.164 格式，例如 +8613800138000',
  'You cannot give a role above your own; only an owner makes an owner':
    '您不能授予高于自己的角色；只有所有者才能设置所有者',
  'You cannot change someone with a role above your own': '您不能更改角色高于自己的人',
  'tier must be one of {0}': 'tier 必须是 {0} 之一',
  'You cannot disable yourself; ask a colleague': '您不能停用自己；请让同事操作',
  'You cannot take your own highest role away; ask a colleague': '您不能取消自己的最高角色；请让同事操作',
  'This is the last enabled owner of the tenant; make another owner first':
    '这是该租户最后一个启用的所有者；请先设置另一个所有者',
  'You cannot delete yourself; ask a colleague': '您不能删除自己；请让同事操作',
  'Somebody else has this {0}': '该 {0} 已被他人使用',
  'Registration is not open there; check the tenant and the code': '该处未开放注册；请检查租户和注册码',
  'This person has no second factor': '此人没有第二因素',
  'each of {0} must be a domain name, e.g. acme.example': '{0} 中的每一项都必须是域名，例如 acme.example',
  'return_to must be a path of this server, e.g. /': 'return_to 必须是本服务器的路径，例如 /',
  'provider_id must be an id': 'provider_id 必须是标识符',
  'No OIDC provider {0}': '没有 OIDC 提供方 {0}',
  'must be given anew with another issuer': '更换 issuer 时必须重新提供',
  'Another provider of yours has this name': '您的另一个提供方已使用此名称',
  'issuer must be a URL': 'issuer 必须是 URL',
  'issuer must have no user, query or fragment': 'issuer 不能包含用户、查询或片段',
  'issuer must begin with https://': 'issuer 必须以 https:// 开头',
  'must contain openid': '必须包含 openid',
  'This provider gives a role above your own; only someone with that role may change it':
    '此提供方会授予高于您的角色；只有拥有该角色的人才能更改',
  'must have at most {0} entries': '最多只能有 {0} 项',
  '{0} leads to what is not {1}': '{0} 指向的不是 {1}',
  'This account at the provider is linked to somebody already': '提供方的此账号已关联到他人',
  'No linked account {0}': '没有关联账号 {0}',
  'Somebody here has this address; ask an administrator to link your account':
    '此处已有人使用该地址；请让管理员关联您的账号',
  'You are not known here; ask an administrator to link your account':
    '此处没有您的记录；请让管理员关联您的账号',
  'The provider vouches for no e-mail address of yours': '提供方没有为您的任何电子邮件地址作证',
  'People with addresses of this domain are not let in': '不允许使用此域名地址的人登录',
  'This sign-in is not under way in this browser, or took too long; begin anew':
    '此登录不是在本浏览器中进行的，或耗时过长；请重新开始',
  'The sign-in code is not valid any more; begin anew': '登录代码已失效；请重新开始',
  'The sign-in provider cannot be reached; try again later': '无法连接登录提供方；请稍后重试',
  'The sign-in provider did not vouch for you; begin anew': '登录提供方未确认您的身份；请重新开始',
  'No tenant {0}': '没有租户 {0}',
  'An export of this tenant is running already; wait until it ends': '该租户的导出正在进行；请等待其结束',
  'No tenant job {0}': '没有租户任务 {0}',
  'This tenant is being deleted already': '该租户正在被删除',
  'This tenant runs the installation: it can be neither suspended nor deleted':
    '该租户运行本安装：不能暂停或删除',
  "must be the tenant's name": '必须是租户的名称',
  'Suspend the tenant first, then delete it': '请先暂停租户，再删除',
  'This tenant is being deleted; that cannot be taken back': '该租户正在被删除；此操作无法撤销',
  'Another tenant has this name': '另一个租户已使用此名称',
  'Send the file as YAML, with Content-Type: application/yaml':
    '请以 YAML 发送文件，并使用 Content-Type: application/yaml',
  'each network must be an address or a CIDR block, e.g. 10.0.0.0/8 or 2001:db8::/32':
    '每个网络都必须是地址或 CIDR 块，例如 10.0.0.0/8 或 2001:db8::/32',
  'Too many calls: {0} may make {1} a {2}. The call was not run; try again in {3} s.':
    '调用过多：{0} 每 {2} 最多 {1} 次。本次调用未执行；请在 {3} 秒后重试。',
  'Busy: of {0} {1} calls run already, as many as are allowed at the same time. The call was not run; try again in 1 s.':
    '繁忙：{0} 已有 {1} 个调用在运行，已达同时运行的上限。本次调用未执行；请在 1 秒后重试。',
  'The daily quota could not be asked for, so the call was not run. Try again in a few seconds.':
    '无法查询每日配额，因此未执行调用。请几秒后重试。',
  'No kept result has this handle: it is wrong, has expired, or belongs to another caller. Call the tool again':
    '没有以此句柄保存的结果：句柄有误、已过期或属于其他调用方。请重新调用该工具',
  'offset must be less than {0}': 'offset 必须小于 {0}',
  'The group is not served at the moment; try again': '该组目前未提供服务；请重试',
  'This installation has no key to sign checkpoints with. Set CHECKPOINT_KEY (openssl rand -base64 32) and restart':
    '本安装没有用于签署检查点的密钥。请设置 CHECKPOINT_KEY（openssl rand -base64 32）并重启',
  'Give either user_id or record_ids': '请提供 user_id 或 record_ids 其中之一',
  'This call was recorded before there were chains: nothing proves it':
    '此调用是在建立哈希链之前记录的：无法证明',
  'No checkpoint vouches for this call yet; make one or wait a minute':
    '尚无检查点为此调用作证；请创建一个检查点或稍等一分钟',
  'The result is {0} bytes, more than the {1} that may leave its thread. Ask for less.':
    '结果为 {0} 字节，超过线程允许返回的 {1} 字节。请缩小请求范围。',
  'Not an error was thrown: {0}': '抛出的不是错误对象：{0}',
  'Too many calls wait for a thread. The call was not run; try again in a few seconds.':
    '等待线程的调用过多。该调用未执行；请几秒后重试。',
  'must NOT have duplicate items': '不得有重复的项',
  'It needed more than the {0} MiB of memory it may have. Ask for less.':
    '所需内存超过允许的 {0} MiB。请缩小请求范围。',
  '{0}; it now lies with tenant {1}': '{0}；现位于租户 {1}',
  'The tool went on after its time and was ended': '工具超时后仍在运行，已被终止',
  "The tool's thread ended: {0}": '工具的线程已结束：{0}',

  // jobs
  'kind must be 1 to 64 of a-z, 0-9, ., _ and -': 'kind 须为 1 到 64 个字符，只能使用 a-z、0-9、.、_ 和 -',
  "Nothing is set for jobs '{0}'": '任务类型“{0}”没有设置',
  "No kind of job '{0}'": '没有任务类型“{0}”',
  'Somebody set this at the same moment. Read it and repeat your change':
    '同一时刻已有人修改此设置。请重新读取后再修改',
  'No job {0}': '没有任务 {0}',
  'This job is {0}; only one that is dead, cancelled or waiting can be retried':
    '此任务的状态为 {0}；只有已失败、已取消或等待中的任务可以重试',
  'This job is {0}; only one that waits or runs can be cancelled':
    '此任务的状态为 {0}；只有等待中或运行中的任务可以取消',
  'Another job has taken its unique key meanwhile': '其间另一个任务占用了它的唯一键',

  // automation
  'No run {0}': '没有运行记录 {0}',
  'Only customers are greeted, and this user is none': '只向客户发送欢迎消息，而该用户不是客户',
  'This user is disabled': '该用户已停用',
  'Run {0} of this user failed; retry that one': '该用户的运行 {0} 已失败；请重试该运行',
  'Run {0} greets this user just now': '运行 {0} 正在向该用户发送欢迎消息',
  'Run {0} has greeted this user already; send again: true to greet once more':
    '运行 {0} 已向该用户发送过欢迎消息；如需再次发送，请带上 again: true',
  'Another run of this user began at the same moment': '同一时刻已为该用户开始另一个运行',
  'This run is {0}; only one that failed can be retried': '此运行的状态为 {0}；只有失败的运行可以重试',
  'default_language is no language tag': 'default_language 不是语言标签',
  "'{0}' is no language tag": '“{0}”不是语言标签',
  'is no language tag': '不是语言标签',
  '{0} must be a language tag, e.g. en or zh-CN': '{0} 必须是语言标签，例如 en 或 zh-CN',
  'required_tools must hold names of tools': 'required_tools 只能包含工具名称',
  'No template in {0}': '没有语言 {0} 的模板',
  'You have no template of your own in {0}': '您没有语言 {0} 的自有模板',
  'The template cannot be used': '此模板无法使用',
  'is empty': '为空',
  'names {{{0}}}, which is none of {1}': '使用了 {{{0}}}，它不在 {1} 之中',
  'has {{ or }} that belongs to no variable': '含有不属于任何变量的 {{ 或 }}',
  'There are {0} templates already; remove one first': '已有 {0} 个模板；请先删除一个',

  // agents
  'No agent {0}': '没有智能体 {0}',
  'No agent version {0}': '没有智能体版本 {0}',
  'No agent order {0}': '没有智能体顺序 {0}',
  'Another agent of yours has this name': '您的另一个智能体已使用此名称',
  'Another version of the agent has this label': '该智能体的另一个版本已使用此标签',
  'This is the only version of the agent; delete the agent instead':
    '这是该智能体唯一的版本；请改为删除该智能体',
  'No version of the agent is enabled; name one in version_id':
    '该智能体没有启用的版本；请在 version_id 中指定一个',
  'The stored key does not open; give it anew': '存储的密钥无法打开；请重新提供',
  'This purpose has an order already; change that one': '此用途已有顺序；请更改该顺序',
  'must be given anew with another server': '更换服务器时必须重新提供',
  'must be visible ASCII characters only': '只能包含可见的 ASCII 字符',
  'must be 1 to 50 of a-z, 0-9, _ and -, beginning with a letter':
    '必须由 1 到 50 个 a-z、0-9、_ 和 - 组成，并以字母开头',
  'base_url must begin with https:// or http://': 'base_url 必须以 https:// 或 http:// 开头',
  'base_url must have at most {0} characters': 'base_url 最多只能有 {0} 个字符',
  'base_url must hold no user and no password': 'base_url 不能包含用户名和密码',
  'base_url must have no query and no fragment': 'base_url 不能包含查询和片段',
  'base_url is an address of a private network: see AGENT_PRIVATE_NETWORKS':
    'base_url 是专用网络的地址：参见 AGENT_PRIVATE_NETWORKS',

  // live, consultants
  'Internal error': '内部错误',
  'This replica has lost touch with the database. Try again in a few seconds.':
    '此副本与数据库失去联系。请过几秒再试。',
  'Requests for this host are not served; see ALLOWED_HOSTS': '不服务于此主机名的请求；参见 ALLOWED_HOSTS',
  'This replica stops; connect again': '此副本正在停止；请重新连接',
  'Too many connections are open': '打开的连接过多',
  'Too many of your connections have not signed in': '您有过多连接尚未登录',
  "No message type '{0}'": '没有消息类型“{0}”',
  'cursor must be a number that came with an event': 'cursor 须为随事件给出的数字',
  'You have begun already; to begin elsewhere, open a new connection':
    '您已经开始接收；要从别处开始，请打开新连接',
  'You may not claim customers': '您无权认领客户',
  'claim_id must be the id that came with the customer': 'claim_id 须为随客户给出的标识',
  'No customer claim {0}': '没有客户认领 {0}',
  'This customer is {0}, not claimed': '此客户的状态为 {0}，并未被认领',
  'This customer is closed already': '此客户已经结束',
  'user_id is no consultant of yours': 'user_id 不是您的顾问',
  'is no consultant of yours': '不是您的顾问',
  '{0} has claimed this customer already': '{0} 已经认领此客户',
  'This customer is offered to {0} first': '此客户先分配给 {0}',
  'You have {0} open customers, which is as many as you may have; close one first':
    '您有 {0} 位未结束的客户，已达上限；请先结束一位',
  'Only the consultant who has claimed this customer, or an administrator, may do this':
    '只有认领此客户的顾问或管理员可以这样做',
  'No consultant {0}': '没有顾问 {0}',
  'No conversation {0}': '没有会话 {0}',
  'This conversation is closed': '此会话已关闭',
  'Only the customer and their consultant write in this conversation':
    '只有客户及其顾问可以在此会话中发送消息',
  'conversation_link must be an http or https URL': 'conversation_link 须为 http 或 https 网址',
  'endpoint must begin with https:// or http://': 'endpoint 必须以 https:// 或 http:// 开头',
  '{0} must begin with https:// or http://': '{0} 必须以 https:// 或 http:// 开头',
  'endpoint must have at most {0} characters': 'endpoint 最多只能有 {0} 个字符',
  '{0} must have at most {1} characters': '{0} 最多只能有 {1} 个字符',
  'endpoint must hold no user and no password': 'endpoint 不能包含用户名和密码',
  '{0} must hold no user and no password': '{0} 不能包含用户名和密码',
  'endpoint must have no fragment': 'endpoint 不能包含片段',
  '{0} must have no fragment': '{0} 不能包含片段',
  'endpoint must begin with https://': 'endpoint 必须以 https:// 开头',
  '{0} must begin with https://': '{0} 必须以 https:// 开头',
  'endpoint is an address of a private network: see NOTIFICATION_PRIVATE_NETWORKS':
    'endpoint 是专用网络的地址：参见 NOTIFICATION_PRIVATE_NETWORKS',
  '{0} is an address of a private network: see NOTIFICATION_PRIVATE_NETWORKS':
    '{0} 是专用网络的地址：参见 NOTIFICATION_PRIVATE_NETWORKS',
  '{0} must have {token} behind the host': '{0} 中的 {token} 必须在主机名之后',
  '{0} must be a host name or an address': '{0} 必须是主机名或地址',
  'must be 1 to 32 of a-z, 0-9, ., _ and -': '必须由 1 到 32 个 a-z、0-9、.、_ 和 - 组成',
  'must be a time of the day as in 22:00': '必须是一天中的时间，例如 22:00',
  'must be an uncompressed P-256 point in base64url': '必须是 base64url 编码的未压缩 P-256 点',
  'must be 16 bytes in base64url': '必须是 base64url 编码的 16 字节',
  'You have {0} browsers already; remove one first': '您已有 {0} 个浏览器；请先移除一个',
  'No subscription {0}': '没有订阅 {0}',
  '{0} does not belong to this kind of channel': '{0} 不属于此类渠道',
  '{0} must be given: the settings': '必须提供 {0}：渠道的设置',
  'audience must be each: browsers belong to people': 'audience 必须为 each：浏览器属于个人',
  'email.to must name an address: the audience is the team': 'email.to 必须至少有一个地址：接收方是团队',
  'email.user would send its password in the clear': 'email.user 会以明文发送密码',
  'form.url must have {token}: each person has their own': 'form.url 必须包含 {token}：每个人有自己的令牌',
  'form.token must be given: the URL names it': '必须提供 form.token：URL 中用到了它',
  'form.fields must be up to 20 names with a text each': 'form.fields 最多 20 个字段，每个字段为文本',
  'No notification channel {0}': '没有通知渠道 {0}',
  'Only webhooks have a signing secret': '只有 webhook 有签名密钥',
  '{0}.password must be given anew with another server': '更换服务器时必须重新提供 {0}.password',
  '{0}.token must be given anew with another server': '更换服务器时必须重新提供 {0}.token',
  'Another channel of yours has this name': '您的另一个渠道已使用此名称',
  'There are {0} channels already; remove one first': '已有 {0} 个渠道；请先移除一个',
  'No template of your own for {0} in {1}': '{1} 语言的 {0} 没有您自己的模板',
  '{0} names the variable {1}, which this kind does not have': '{0} 使用了此类通知没有的变量 {1}',
  '{0} has {{ without the name of a variable and }}': '{0} 中的 {{ 后缺少变量名和 }}',
  'token has no place: this channel takes none': '不能提供 token：此渠道不使用令牌',
  'time_zone must be an IANA name such as Asia/Shanghai': 'time_zone 必须是 IANA 名称，例如 Asia/Shanghai',
  'quiet_hours.to must be another time than from': 'quiet_hours.to 不能与 from 相同',
  'No delivery {0}': '没有投递 {0}',
  'This delivery was sent': '此投递已发送',
  'No channel reached the recipient; there is nothing to send it over': '没有可达收件人的渠道，无法发送',
};
