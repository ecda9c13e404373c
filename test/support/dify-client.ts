import { request as httpRequest } from 'node:http';

/** What was sent and what came back, byte by byte, for the test to look at. */
export type Exchanged = {
  readonly head: string;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
};

type Rpc = {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
};

/**
 * An MCP client that behaves as Dify 1.15's: picks the transport by the URL's last segment (anything but `mcp` and `sse`
 * is probed for SSE first), counts JSON-RPC ids from 0, asks for 2025-06-18, never sends MCP-Protocol-Version, sends no
 * params with tools/list, reads only its first page, and opens one connection per list and per call.
 */
export class DifyClient {
  readonly exchanged: Exchanged[] = [];

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  async listTools(): Promise<{ name: string; inputSchema: Record<string, unknown> }[]> {
    const { result } = await this.connectAnd('tools/list');
    return result?.['tools'] as { name: string; inputSchema: Record<string, unknown> }[];
  }

  /** What the agent gets to read: the text blocks without a separator; `isError` is not looked at. */
  async callTool(name: string, args: Record<string, unknown>): Promise<string> {
    const { result, error } = await this.connectAnd('tools/call', { name, arguments: args });
    if (error)
      return `Failed to connect to MCP server: code=${error.code} message='${error.message}' data=None`;
    const content = result?.['content'] as { type: string; text?: string }[];
    return content.map(({ text }) => text ?? '').join('');
  }

  private async connectAnd(method: string, params?: unknown): Promise<Rpc> {
    const segment = new URL(this.url).pathname.replace(/\/$/, '').split('/').at(-1);
    if (segment !== 'mcp') await this.probeForSse();
    const initialized = await this.post({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'Dify', version: '1.15.0' },
      },
    });
    const version = initialized.result?.['protocolVersion'];
    if (!['2024-11-05', '2025-03-26', '2025-06-18'].includes(String(version))) {
      throw new Error(`Unsupported protocol version from the server: ${String(version)}`);
    }
    await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return this.post({ jsonrpc: '2.0', id: 1, method, ...(params === undefined ? {} : { params }) });
  }

  /** Any HTTP error makes Dify fall back to Streamable HTTP; no answer at all would hang it for 300 s. */
  private async probeForSse(): Promise<void> {
    const { status } = await this.send('GET', { accept: 'text/event-stream', 'cache-control': 'no-store' });
    if (status < 400) throw new Error('failed to get endpoint URL');
  }

  private async post(message: { id?: number; [member: string]: unknown }): Promise<Rpc> {
    const { status, answer } = await this.send(
      'POST',
      { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
      JSON.stringify(message),
    );
    if (status >= 400) throw new Error(`Client error '${status}' for url '${this.url}'`);
    return message.id === undefined ? {} : (JSON.parse(answer) as Rpc);
  }

  private send(method: string, headers: Record<string, string>, body = ''): Promise<Exchanged> {
    return new Promise((resolve, reject) => {
      const sent = {
        'accept-encoding': 'gzip, deflate',
        connection: 'keep-alive',
        'user-agent': 'python-httpx/0.28.1',
        ...headers,
        ...this.headers,
      };
      const request = httpRequest(this.url, { method, headers: sent }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (text: string) => (answer += text));
        response.on('end', () => {
          const head = `${method} ${Object.keys(sent).join(' ')}`;
          const exchange = { head, body, status: response.statusCode ?? 0, answer };
          this.exchanged.push(exchange);
          resolve(exchange);
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}
