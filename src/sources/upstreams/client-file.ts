import { isPlainObject } from '../../platform/plain-object.js';
import type { UpstreamTransport } from './upstream-settings.js';

/** An upstream as a client's file describes it. */
export type FileEntry = {
  readonly name: string;
  readonly transport: UpstreamTransport;
  readonly command: string | null;
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly cwd: string | null;
  readonly url: string | null;
  readonly headers: Record<string, string>;
  readonly enabled: boolean;
};

/** How clients name transports. */
const TRANSPORT_NAMES: Readonly<Record<string, UpstreamTransport>> = {
  stdio: 'stdio',
  http: 'http',
  'streamable-http': 'http',
  streamablehttp: 'http',
  sse: 'sse',
  ws: 'ws',
  websocket: 'ws',
};

/**
 * Reads the servers of an `mcp.json` as Claude Desktop and Cursor (`mcpServers`) or VS Code (`servers`) write it. What they ask people for
 * (`${input:a-token}`, `${env:TOKEN}`) becomes a variable of ours: `${A_TOKEN}`, `${TOKEN}`.
 *
 * @returns Undefined: it has no servers.
 */
export function readClientFile(config: unknown): FileEntry[] | undefined {
  if (!isPlainObject(config)) return undefined;
  const servers = config['mcpServers'] ?? config['servers'];
  if (!isPlainObject(servers)) return undefined;
  return Object.entries(servers).map(([name, entry]) => toEntry(name, isPlainObject(entry) ? entry : {}));
}

function toEntry(name: string, entry: Readonly<Record<string, unknown>>): FileEntry {
  const url = textOf(entry['url'] ?? entry['serverUrl'] ?? entry['httpUrl']);
  const command = textOf(entry['command']);
  const type = (textOf(entry['type'] ?? entry['transport']) ?? '').toLowerCase();
  const isSse = url !== null && /\/sse\/?$/.test(url);
  const guessed = command !== null ? 'stdio' : isSse ? 'sse' : 'http';
  const args = Array.isArray(entry['args']) ? entry['args'] : [];
  return {
    name,
    transport: TRANSPORT_NAMES[type] ?? guessed,
    command,
    args: args.map((one) => ours(String(one))),
    env: textsOf(entry['env']),
    cwd: textOf(entry['cwd']),
    url,
    headers: textsOf(entry['headers']),
    enabled: entry['disabled'] !== true && entry['enabled'] !== false,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? ours(value) : null;
}

function textsOf(value: unknown): Record<string, string> {
  const entries = isPlainObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([name, text]) => [name, ours(String(text))]));
}

function ours(text: string): string {
  return text.replaceAll(/\$\{(?:input|env):([A-Za-z0-9_.-]+)\}/g, (_match, name: string) => {
    const usable = name.replaceAll(/[^A-Za-z0-9]+/g, '_');
    return `\${${/^\d/.test(usable) ? '_' : ''}${name === usable ? name : usable.toUpperCase()}}`;
  });
}
