import type { Config } from '../../platform/config.js';
import { fetchGuarded } from '../../platform/network/guarded-http.js';
import { canBeLeftOn } from '../../platform/network/public-path.js';
import { type Check, ok, warning } from './check.js';

const LIMIT_MS = 5000;
const ANSWER_MAX_BYTES = 65_536;

/** What stands between us and our clients does its part; nothing to see while `PUBLIC_URL` is not set. */
export async function checkProxy(config: Config): Promise<Check[]> {
  if (config.env.PUBLIC_URL === undefined) return [];
  return [await checkAnswer(config), ...checkTrust(config)];
}

/** Asks ourselves by the address that clients are told, its path included. */
async function checkAnswer({ publicUrl, publicPath }: Config): Promise<Check> {
  const name = 'PUBLIC_URL answered';
  const url = `${publicUrl}/health/live`;
  const way = canBeLeftOn(publicPath) ? 'with that path or without it' : 'without that path';
  const fix =
    publicPath === ''
      ? 'See that the service runs, and that the proxy passes everything on to it'
      : `See that the service runs, and that the proxy passes on everything below ${publicPath}/, ${way}`;
  try {
    const answer = await fetchGuarded(new URL(url), {
      method: 'GET',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(LIMIT_MS),
      privateNetworks: true,
      maxBytes: ANSWER_MAX_BYTES,
    });
    const text = await answer.text();
    if (answer.status === 200 && /"live"\s*:\s*true/.test(text)) return ok(name, `${url} is ours`);
    return warning(name, `${url} answers ${answer.status}, not as we do`, fix);
  } catch (error) {
    const { code, name: kind } = error as NodeJS.ErrnoException;
    return warning(name, `${url} cannot be reached from here (${code ?? kind})`, fix);
  }
}

/** We speak no TLS: where clients do, somebody stands before us. */
function checkTrust({ env, publicUrl }: Config): Check[] {
  const name = 'TRUST_PROXY';
  if (env.TRUST_PROXY !== undefined) return [ok(name, `${env.TRUST_PROXY} may say for whom they ask`)];
  if (!publicUrl.startsWith('https:')) return [];
  return [
    warning(
      name,
      'is not set, and a proxy does our TLS: all clients count as one, and no key opens by its networks',
      'Set TRUST_PROXY to how many proxies there are, or to their addresses',
    ),
  ];
}
