import type { Config } from '../../platform/config.js';
import { type TlsMode, tlsModeOf } from '../../platform/database/tls-mode.js';
import { type Check, ok, warning } from './check.js';

/** On the same machine; no host is a Unix socket. */
const HERE = /^(?:|localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const FIX = 'Say sslmode=verify-full in the address, with sslrootcert=FILE where the authority is your own';

/** What the connections of all roles are protected by: the weakest of them. */
export function checkTls({ databaseUrls }: Config): Check {
  const name = 'TLS to the database';
  const modes = Object.values(databaseUrls).map((url) => ({
    ...tlsModeOf(url),
    isHere: HERE.test(hostOf(url)),
  }));
  const [weakest = modes[0]] = modes.toSorted((a, b) => strengthOf(a) - strengthOf(b));
  const told = wordsOf(weakest);
  if (weakest.isNameChecked || weakest.isHere) return ok(name, told);
  return warning(name, told, FIX);
}

function strengthOf({ isEncrypted, isAuthorityChecked, isNameChecked }: TlsMode): number {
  return [isEncrypted, isAuthorityChecked, isNameChecked].filter(Boolean).length;
}

function wordsOf({
  mode,
  isEncrypted,
  isAuthorityChecked,
  isNameChecked,
  isHere,
}: TlsMode & { isHere: boolean }): string {
  if (!isEncrypted)
    return `${mode}: none${isHere ? ', on this machine' : '; whoever is on the network reads and changes what passes'}`;
  if (!isAuthorityChecked) return `${mode}: encrypted, and the server may be anybody`;
  if (!isNameChecked) return `${mode}: encrypted, the authority is checked, the server's name is not`;
  return `${mode}: encrypted, the authority and the server's name are checked`;
}

function hostOf(url: string): string {
  const { hostname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  return host.startsWith('/') ? '' : host;
}
