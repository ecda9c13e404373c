import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';

/**
 * An SDK transport over anything that carries whole messages both ways: the two ends of HTTP+SSE, a WebSocket.
 * `receive` feeds it; what the server says goes to `deliver`.
 */
export class MessageTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  private closed = false;

  constructor(
    private readonly deliver: (message: JSONRPCMessage) => void,
    private readonly hangUp: () => void,
  ) {}

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    if (!this.closed) this.deliver(message);
  }

  receive(message: JSONRPCMessage): void {
    if (!this.closed) this.onmessage?.(message);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.hangUp();
    this.onclose?.();
  }
}
