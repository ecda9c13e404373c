import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

const IDLE_SWEEP_MS = 50;

/** Ends an HTTP server without cutting off the calls in flight. */
export class HttpDrain {
  /** WebSockets: Node's server waits for them when it closes but does not know them any more. */
  private readonly upgraded = new Set<Duplex>();

  constructor(private readonly server: Server) {
    server.on('upgrade', (_request, socket) => {
      this.upgraded.add(socket);
      socket.once('close', () => this.upgraded.delete(socket));
    });
  }

  /** Stops accepting and waits for what is under way; after `graceMs` the connections that are left are cut. */
  async run(graceMs: number): Promise<void> {
    const { server } = this;
    // Keep-alive clients would go on for ever: the answer they wait for is their connection's last.
    server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    const cut = setTimeout(() => {
      server.closeAllConnections();
      for (const socket of this.upgraded) socket.destroy();
    }, graceMs);
    server.closeIdleConnections();
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }
}
