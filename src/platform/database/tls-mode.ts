const MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'];
/** libpq tries TLS and goes on without it; the driver never does. */
const FALLING_BACK = ['prefer', 'allow'];
const SWITCHES: Readonly<Record<string, string>> = {
  true: 'verify-full',
  '1': 'verify-full',
  '0': 'disable',
};

/** What a connection to the database is protected by, as the address asks for it. */
export type TlsMode = {
  readonly mode: string;
  readonly isEncrypted: boolean;
  /** The server's certificate must come from `sslrootcert`, or else from an authority that Node trusts. */
  readonly isAuthorityChecked: boolean;
  /** The certificate must be for the host of the address. */
  readonly isNameChecked: boolean;
};

/**
 * Reads what the driver makes of an address: its `require`, `verify-ca` and `verify-full` are one, which checks authority and name,
 * unless `uselibpqcompat=true` gives them the meaning that PostgreSQL's own clients have. A test tries each on a server.
 */
export function tlsModeOf(url: string): TlsMode {
  const { searchParams } = new URL(url);
  const mode = wordOf(searchParams);
  const isLax =
    searchParams.get('uselibpqcompat') === 'true' && mode === 'require' && !searchParams.has('sslrootcert');
  const isOfLibpq = searchParams.get('uselibpqcompat') === 'true' && mode !== 'verify-full';
  const isEncrypted = mode !== 'disable';
  const isAuthorityChecked = isEncrypted && mode !== 'no-verify' && !isLax;
  return { mode, isEncrypted, isAuthorityChecked, isNameChecked: isAuthorityChecked && !isOfLibpq };
}

/** Says what in an address asks for a protection that it would not get; undefined: nothing. */
export function findTlsProblem(url: string): string | undefined {
  const { searchParams } = new URL(url);
  const [ssl, mode] = [searchParams.get('ssl'), searchParams.get('sslmode')];
  if (ssl !== null && SWITCHES[ssl] === undefined) return 'ssl is not understood; say sslmode=verify-full';
  if (mode !== null && FALLING_BACK.includes(mode))
    return `sslmode=${mode} would let a connection go unprotected without a word; say verify-full, or disable`;
  if (mode !== null && !MODES.includes(mode)) return `sslmode must be one of ${MODES.join(', ')}`;
  const isCompatible = searchParams.get('uselibpqcompat') === 'true';
  if (isCompatible && mode === 'verify-ca' && !searchParams.has('sslrootcert'))
    return 'sslmode=verify-ca needs sslrootcert, the file of the authority';
  if (isCompatible && mode === 'no-verify')
    return 'sslmode=no-verify and uselibpqcompat=true exclude each other';
  return undefined;
}

function wordOf(parameters: URLSearchParams): string {
  const mode = parameters.get('sslmode');
  if (mode !== null) return mode;
  const ssl = SWITCHES[parameters.get('ssl') ?? ''];
  const hasFile = ['sslrootcert', 'sslcert', 'sslkey'].some((name) => parameters.has(name));
  if (hasFile) return 'verify-full';
  return ssl ?? (parameters.get('sslnegotiation') === 'direct' ? 'verify-full' : 'disable');
}
