import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ToolUse } from './stand-in-dify-stream.js';

/** As it is entered in Dify: Tools > MCP. */
export type McpAccess = { readonly url: string; readonly key: string };

/**
 * What an agent does between the question and its answer: sees which tools there are, asks two of them about the user of the
 * question, and writes with what they told. A connection for the list and one for each call, as Dify does.
 */
export async function writeWithTools(
  access: McpAccess,
  body: { readonly [name: string]: unknown },
  toolUsed: (use: ToolUse) => void,
): Promise<string> {
  const inputs = body['inputs'] as { readonly user_id?: string };
  const known = await connected(access, async (client) =>
    (await client.listTools()).tools.map(({ name }) => name),
  );
  const told: Record<string, unknown>[] = [];
  for (const tool of ['get_user_profile', 'analyze_customer'].filter((name) => known.includes(name))) {
    const args = { user_id: inputs.user_id };
    const observation = await connected(access, async (client) => {
      const { content } = await client.callTool({ name: tool, arguments: args });
      return (content as { text?: string }[]).map(({ text }) => text ?? '').join('');
    });
    toolUsed({ tool, input: JSON.stringify({ [tool]: args }), observation });
    told.push(JSON.parse(observation) as Record<string, unknown>);
  }
  const [profile = {}, analysis = {}] = told;
  return `Welcome, ${String(profile['display_name'])}! (${String(analysis['customer_segment'])})`;
}

async function connected<T>({ url, key }: McpAccess, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ name: 'Dify', version: '1.15.0' });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
