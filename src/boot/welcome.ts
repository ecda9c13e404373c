import type { Config } from '../platform/config.js';
import type { FirstStart } from './first-start.js';
import { connectSnippets } from '../groups/connect.js';
import { serverUrls } from '../groups/server-url.js';

const RULE = '─'.repeat(78);
const SHOWN_CLIENTS = ['dify', 'claude_code', 'cursor', 'inspector'];

/** What a person needs after the first start, as plain text. Holds secrets: print it once, never log it. */
export function welcomeText(made: FirstStart, config: Config): string {
  const blocks = [
    'Toolcrib is ready. Keep this: it is shown only now.',
    [
      `API       ${config.publicUrl}   (documentation: ${config.publicUrl}/api/docs)`,
      `Sign-in   ${made.adminEmail}`,
      `Password  ${made.generatedPassword ?? 'the one in ADMIN_PASSWORD'}`,
    ].join('\n'),
    ...(made.sampleGroup ? sampleBlocks(made.sampleGroup, config) : []),
    'Lost the password? npm run toolcrib -- admin reset-password',
  ];
  return `\n${RULE}\n${blocks.join('\n\n')}\n${RULE}\n\n`;
}

function sampleBlocks(group: NonNullable<FirstStart['sampleGroup']>, config: Config): string[] {
  const { url } = serverUrls(config.publicUrl, group.serverCode);
  const snippets = connectSnippets({ url, key: group.key, name: group.name });
  return [
    [`MCP URL   ${url}`, `Key       ${group.key}`].join('\n'),
    ...snippets
      .filter((snippet) => SHOWN_CLIENTS.includes(snippet.client))
      .map((snippet) => `${snippet.title}: ${snippet.where}\n${indent(snippet.text)}`),
  ];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
