/** Parts of a name that make it a secret's, wherever they stand in it. */
const PARTS = [
  'passw(?:or)?d',
  'pass[-_. ]?(?:phrase|code)',
  'secret',
  '(?:api|access|private|signing|signature|encryption|master|shared|account|session|auth|ssh|hmac|aes|rsa)[-_. ]?key',
  'authori[sz]ation',
  'credential',
  'cookie',
  'mnemonic',
  'connection[-_. ]?string',
  '密码|口令|密钥|密匙|私钥|验证码|校验码|动态码|令牌',
].join('|');

/** Words that make a name a secret's when they end it: `db_pass`, `userPwd`, `pin_code`; a `passenger` and a `pin_map` are none. */
const LAST_WORDS = '(?:pass|pin|otp|totp|jwt|cvv|cvc)(?:[-_. ]?(?:code|hash|value|number))?';

/** Every token is one, but for those that say where to go on. */
const TOKEN = '(?<!(?:page|next|prev|previous|continuation|cursor|sync|progress|start|end)[-_. ]?)token';

const SECRET_NAME = new RegExp(`${PARTS}|(?:^|[-_. ])${LAST_WORDS}$|(?:pwd|${TOKEN})$`, 'i');

/**
 * Cheap test for {@link isSecretName} over a text of JSON: what a text without such a name mostly has none of. Other languages escape
 * what is not ASCII.
 */
export const SECRET_NAME_HINT = String.raw`${PARTS}|(?:${LAST_WORDS}|pwd|token)\\{0,7}["']|\\u[0-9a-f]{4}`;

/** Whether what stands under a name is a secret, whoever's writing the name is in: `apiToken`, `X-Api-Token`, `api_token`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_'));
}
