import { isAddressAllowed, literalAddress } from '../../platform/network/network-address.js';
import type { FieldProblem } from '../../platform/rest/validation.js';
import { VARIABLE_NAME } from './expand-variables.js';
import type { UpstreamTarget, UpstreamTransport } from './upstream-settings.js';

const ENTRIES_MAX = 100;
const TEXT_MAX = 8192; // characters
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Ours to set. */
const HEADERS_RESERVED = /^(?:host|content-length|transfer-encoding|connection|mcp-.*|accept|content-type)$/i;
const SCHEMES: Readonly<Record<Exclude<UpstreamTransport, 'stdio'>, readonly string[]>> = {
  http: ['https:', 'http:'],
  sse: ['https:', 'http:'],
  ws: ['wss:', 'ws:'],
};

/** What is wrong with an upstream's settings as they were given, one line per field. */
export function settingsProblems(transport: UpstreamTransport, target: UpstreamTarget): FieldProblem[] {
  const { command, args, env, cwd, url, headers } = target;
  const isProgram = transport === 'stdio';
  return [
    ...(isProgram && !command ? [problem('command', 'is required for stdio')] : []),
    ...(!isProgram && !url ? [problem('url', `is required for ${transport}`)] : []),
    ...(isProgram && url ? [problem('url', 'does not go with stdio')] : []),
    ...(!isProgram && command ? [problem('command', 'goes with stdio only')] : []),
    ...textProblems('args', args),
    ...textProblems('env', Object.values(env)),
    ...textProblems('headers', Object.values(headers)),
    ...textProblems('url', [url ?? '', command ?? '', cwd ?? '']),
    ...Object.keys(env).flatMap((name) =>
      VARIABLE_NAME.test(name) ? [] : [problem(`env.${name}`, 'is no name of a variable')],
    ),
    ...Object.keys(headers).flatMap((name) =>
      HEADER_NAME.test(name) && !HEADERS_RESERVED.test(name)
        ? []
        : [problem(`headers.${name}`, 'is no header that can be set')],
    ),
  ];
}

/** What is wrong with the address of an upstream once its variables have their values. */
export function addressProblems(
  transport: UpstreamTransport,
  { url: text, headers }: UpstreamTarget,
  privateNetworks: boolean,
): FieldProblem[] {
  if (transport === 'stdio') return [];
  const url = text !== null && URL.canParse(text) ? new URL(text) : undefined;
  const schemes = SCHEMES[transport];
  if (!url || !schemes.includes(url.protocol)) return ofUrl(`must begin with ${schemes.join('// or ')}//`);
  if (url.username !== '' || url.password !== '')
    return ofUrl('must hold no user and no password; use headers');
  const address = literalAddress(url);
  if (address !== undefined && !isAddressAllowed(address, privateNetworks))
    return ofUrl('is an address of a private network: see UPSTREAM_PRIVATE_NETWORKS');
  const wrong = Object.entries(headers).find(([, value]) => /[\r\n]/.test(value));
  return wrong ? [{ field: `headers.${wrong[0]}`, message: 'must be one line' }] : [];
}

function textProblems(field: string, texts: readonly unknown[]): FieldProblem[] {
  if (texts.length > ENTRIES_MAX) return [{ field, message: `must have at most ${ENTRIES_MAX} entries` }];
  const isFine = (text: unknown) =>
    typeof text === 'string' && text.length <= TEXT_MAX && !text.includes('\0');
  return texts.every(isFine) ? [] : [{ field, message: `must hold texts of at most ${TEXT_MAX} characters` }];
}

function problem(field: string, message: string): FieldProblem {
  return { field, message };
}

function ofUrl(message: string): FieldProblem[] {
  return [problem('url', message)];
}
