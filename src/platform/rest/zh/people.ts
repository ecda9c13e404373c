/** Signing in; people, keys, configuration, tenants. See messages.zh.ts. */
export const people: Readonly<Record<string, string>> = {
  // signing in
  'Sign in first: send Authorization: Bearer <access token>':
    '请先登录：发送 Authorization: Bearer <访问令牌>',
  'Only pages of this service sign in with a cookie; others use /auth/login':
    '只有本服务的页面可以使用 Cookie 登录；其他客户端请使用 /auth/login',
  'You are not signed in here; sign in': '您在此处尚未登录；请登录',
  'The access token has expired; use POST /api/v1/auth/refresh':
    '访问令牌已过期；请使用 POST /api/v1/auth/refresh',
  'The access token is not valid; sign in again': '访问令牌无效；请重新登录',
  'This route declares no permission, so nobody may use it': '此接口没有声明权限，因此任何人都不能使用',
  'This needs the permission {0}, which these roles have: {1}': '需要权限 {0}，拥有该权限的角色：{1}',
  'This needs the permission {0}, which is not among the scopes of this token':
    '需要权限 {0}，此令牌的范围内没有该权限',
  'The token is not valid any more; register again': '令牌已失效；请重新注册',
  'Your tenant asks for a second factor; set one up first, with POST /api/v1/auth/second-factor':
    '您的租户要求使用第二因素；请先通过 POST /api/v1/auth/second-factor 设置',
  'The refresh token is not valid any more; sign in again': '刷新令牌已失效；请重新登录',
  'This sign-in has ended; sign in again': '本次登录已结束；请重新登录',
  'Too many passwords are being checked; try again in a moment': '正在核对的密码过多，请稍后再试',
  'E-mail or password is wrong': '电子邮件或密码错误',
  'You belong to several tenants; name the one to sign in to': '您属于多个租户；请指明要登录的租户',
  'is needed here': '此处必填',
  'Too many requests to sign in from your address; try again in {0} seconds':
    '来自您地址的登录请求过多；请在 {0} 秒后再试',
  'Too many failed sign-ins; try again in {0} seconds': '登录失败次数过多；请在 {0} 秒后再试',

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
  'Your tenant may do this {0} times a minute; try again in {1} seconds':
    '您的租户每分钟可执行此操作 {0} 次；请在 {1} 秒后重试',
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
  'The file has more than {0} lines and entries; apply it with toolcrib config apply':
    '文件的行和条目超过 {0} 个；请使用 toolcrib config apply 应用',
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
  'issuer is an address of a private network: see OIDC_PRIVATE_NETWORKS':
    'issuer 是私有网络地址：参见 OIDC_PRIVATE_NETWORKS',
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
  'The sign-in provider knows you by a name that cannot be kept here: at most 255 characters, none of them a control character':
    '登录提供方用于标识您的名称无法在此保存：最多 255 个字符，且不含控制字符',
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
};
