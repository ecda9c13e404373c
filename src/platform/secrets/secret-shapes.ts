/**
 * Lists how each kind of secret begins that we hand out. Secret scanners know them by it, and so do redaction and the log:
 * what is not in this list stays in clear when somebody pastes it.
 */
export const SECRET_PREFIXES = {
  groupKey: 'mcp_key_',
  personalToken: 'tcp_',
  webhookSecret: 'whsec_',
} as const;

export type SecretKind = keyof typeof SECRET_PREFIXES;

/** Characters behind the prefix from which on it is one, also when it was cut: settings of Linux are called `tcp_fin_timeout`. */
const CHARACTERS_MIN: Readonly<Record<SecretKind, number>> = {
  groupKey: 20,
  personalToken: 40,
  webhookSecret: 20,
};

/** What follows a prefix: 32 random bytes in base64 or base64url, perhaps a checksum. */
const OURS = (Object.keys(SECRET_PREFIXES) as SecretKind[])
  .map((kind) => `${SECRET_PREFIXES[kind]}[A-Za-z0-9+/_-]{${CHARACTERS_MIN[kind]},}={0,2}`)
  .join('|');

/** Of others: credentials of HTTP, JWTs, private keys in PEM (RFC 7468), keys of common vendors. */
const THEIRS = [
  String.raw`Bearer\s{1,8}[A-Za-z0-9._~+/=-]{8,}`,
  // With a digit or padding: `basic understanding` is none.
  String.raw`Basic\s{1,8}(?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{12,}={0,2}`,
  String.raw`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`,
  '[spr]k[-_][A-Za-z0-9_-]{16,}',
  '(?:app|dataset)-[A-Za-z0-9]{24}(?![A-Za-z0-9])',
  'gh[pousr]_[A-Za-z0-9]{20,}',
  'github_pat_[A-Za-z0-9_]{22,}',
  'gl(?:pat|ptt|dt|rt|cbt|ft|soat)-[A-Za-z0-9_-]{20,}',
  'npm_[A-Za-z0-9]{36}',
  'xox[a-z]-[A-Za-z0-9-]{10,}',
  'xapp-[A-Za-z0-9-]{10,}',
  'AIza[A-Za-z0-9_-]{35}',
  String.raw`ya29\.[A-Za-z0-9_-]{20,}`,
  'A[KS]IA[0-9A-Z]{16}',
  'hf_[A-Za-z0-9]{30,}',
  'gsk_[A-Za-z0-9]{20,}',
  'GOCSPX-[A-Za-z0-9_-]{20,}',
  String.raw`SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}`,
  // Webhooks of chats: the address is the right to write.
  String.raw`https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{10,200}`,
  String.raw`https://(?:canary\.|ptb\.)?discord(?:app)?\.com/api/webhooks/\d{5,30}/[A-Za-z0-9_-]{20,200}`,
  String.raw`https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[A-Za-z0-9-]{10,100}`,
  // Headers of encrypted keys and of PGP included, and line ends as they are or as `\n`.
  String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:\s|\\{1,7}[nr]){1,8}[A-Za-z-]{1,40}:(?:(?!-----)[^\n\\]){0,200}){0,10}[A-Za-z0-9+/=\s\\]{0,20000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?`,
].join('|');

/**
 * A token begins where no letter stands before it, so that a long run of look-alikes is read once and not once per letter; or
 * behind an escape of JSON, whose last letter is none of the text.
 */
const BEGINNING = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))`;

/** Values that are secrets, whatever they are called. */
export const SECRET_VALUE = new RegExp(`${BEGINNING}(?:${OURS}|${THEIRS})`, 'gi');

/** Cheap test for {@link SECRET_VALUE}: what a text without such a value mostly has none of. */
export const SECRET_VALUE_HINT = `${Object.values(SECRET_PREFIXES).join('|')}|bearer|eyJ|[spr]k[-_]|app-|dataset-|gh[pousr]_|github_pat_|gl[a-z]{2,4}-|npm_|xox|xapp-|AIza|ya29|A[KS]IA|PRIVATE KEY|basic|hf_|gsk_|GOCSPX-|SG\\.|hooks\\.slack|discord|open-apis/bot`;
