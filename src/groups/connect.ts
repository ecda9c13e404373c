import { cutText } from '../platform/cut-text.js';
/** What to paste where, for one client. */
export type ConnectSnippet = {
  readonly client: 'dify' | 'claude_code' | 'claude_desktop' | 'cursor' | 'vscode' | 'inspector' | 'curl';
  readonly title: string;
  /** Where the text goes. */
  readonly where: string;
  /** Ready to paste: form fields, a command, or a file. */
  readonly text: string;
};

/** Stands for the key where it is not shown. */
export const KEY_PLACEHOLDER = 'YOUR_KEY';

/** Dify's form takes names up to 40 and identifiers up to 24 characters. */
const DIFY_NAME_MAX = 40;
const DIFY_IDENTIFIER_MAX = 24;

/**
 * How to connect each client to a group's MCP server.
 *
 * @param target.url The group's URL, `…/mcp/{server_code}/mcp`; clients know the server by the code in it.
 * @param target.key The group's key, or {@link KEY_PLACEHOLDER}.
 * @param target.name The group's name, for people.
 */
export function connectSnippets(target: {
  url: string;
  key: string;
  name: string;
}): readonly ConnectSnippet[] {
  const { url, key, name } = target;
  const code = new URL(url).pathname.split('/').at(-2) ?? 'toolcrib';
  const bearer = `Bearer ${key}`;
  const headers = { Authorization: bearer };
  return [
    {
      client: 'dify',
      title: 'Dify',
      where: 'Tools > MCP > Add MCP Server (HTTP); after a change to the group press Update there',
      text: lines(
        `Server URL: ${url}`,
        `Name: ${cutText(name, DIFY_NAME_MAX)}`,
        `Server Identifier: ${code.slice(0, DIFY_IDENTIFIER_MAX)}`,
        `Headers: Authorization = ${bearer}`,
      ),
    },
    {
      client: 'claude_code',
      title: 'Claude Code',
      where: 'A terminal in your project',
      text: `claude mcp add --transport http ${code} ${url} --header "Authorization: ${bearer}"`,
    },
    {
      client: 'claude_desktop',
      title: 'Claude Desktop',
      where: 'Settings > Developer > Edit Config (claude_desktop_config.json)',
      text: json({ mcpServers: { [code]: desktopBridge(url, bearer) } }),
    },
    {
      client: 'cursor',
      title: 'Cursor',
      where: '~/.cursor/mcp.json, or .cursor/mcp.json in a project',
      text: json({ mcpServers: { [code]: { url, headers } } }),
    },
    {
      client: 'vscode',
      title: 'VS Code',
      where: '.vscode/mcp.json in a project, or the command MCP: Open User Configuration',
      text: json({ servers: { [code]: { type: 'http', url, headers } } }),
    },
    {
      client: 'inspector',
      title: 'MCP Inspector',
      where: 'A terminal; lists the tools',
      text:
        `npx @modelcontextprotocol/inspector --cli ${url} --transport http ` +
        `--header "Authorization: ${bearer}" --method tools/list`,
    },
    {
      client: 'curl',
      title: 'curl',
      where: 'A terminal; lists the tools',
      text: [
        `curl -sS --fail-with-body '${url}' -H 'Authorization: ${bearer}' -H 'Content-Type: application/json' \\`,
        `  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
      ].join('\n'),
    },
  ];
}

/** Its config file knows local commands only, so mcp-remote carries the calls. The header has no space: on Windows
 * arguments with spaces are torn apart. */
function desktopBridge(url: string, bearer: string) {
  const allowHttp = url.startsWith('http:') ? ['--allow-http'] : [];
  return {
    command: 'npx',
    args: ['-y', 'mcp-remote', url, '--header', 'Authorization:${AUTHORIZATION}', ...allowHttp],
    env: { AUTHORIZATION: bearer },
  };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function lines(...texts: readonly string[]): string {
  return texts.join('\n');
}
