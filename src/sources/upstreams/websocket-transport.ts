import { once } from 'node:events';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { WebSocket } from 'ws';
import { isPlainObject } from '../../platform/plain-object.js';
import { openSocketGuarded } from '../../platform/network/guarded-http.js';

const MESSAGE_MAX_BYTES = 10_485_760;
const CONNECT_MS = 30_000;

/**
 * Speaks MCP over a WebSocket (subprotocol `mcp`), which the protocol does not name and some servers offer. The client of the SDK's first
 * version would connect by itself, past the fence around private networks.
 */
export class WebSocketTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  private socket: WebSocket | undefined;

  constructor(
    private readonly url: URL,
    private readonly options: {
      readonly headers: Readonly<Record<string, string>>;
      readonly privateNetworks: boolean;
    },
  ) {}

  async start(): Promise<void> {
    const { headers, privateNetworks } = this.options;
    const connection = await openSocketGuarded(this.url, {
      signal: AbortSignal.timeout(CONNECT_MS),
      privateNetworks,
    });
    const socket = new WebSocket(this.url, 'mcp', {
      headers,
      maxPayload: MESSAGE_MAX_BYTES,
      followRedirects: false,
      handshakeTimeout: CONNECT_MS,
      createConnection: () => connection,
    });
    this.socket = socket;
    await once(socket, 'open');
    socket.on('error', (error) => this.onerror?.(error));
    socket.on('message', (data: Buffer) => this.take(data));
    socket.once('close', () => this.onclose?.());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) throw new Error('The connection is closed');
    await new Promise<void>((resolve, reject) =>
      socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve())),
    );
  }

  close(): Promise<void> {
    this.socket?.close();
    return Promise.resolve();
  }

  private take(data: Buffer): void {
    try {
      const message: unknown = JSON.parse(data.toString('utf8'));
      if (isPlainObject(message)) this.onmessage?.(message as unknown as JSONRPCMessage);
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }
}
