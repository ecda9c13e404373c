import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type TcpProxy = {
  readonly url: string;
  /** Connections that were tried until now, refused ones included. */
  readonly attempts: number;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Keeps the connections and lets nothing through, as a machine that hangs does. */
  freeze(): void;
  restore(): void;
  /**
   * A successor answers at the address: new connections go through. The server of those that there are is gone, and they hear
   * nothing of it, as when a host vanishes with its network.
   */
  replace(): void;
  close(): Promise<void>;
};

/** Stands between the service and its database, so that a test can take the database away from one service only. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const nears = new Set<Socket>();
  const fars = new Set<Socket>();
  const all = () => [...nears, ...fars];
  let state: 'open' | 'cut' | 'frozen' = 'open';
  let attempts = 0;
  const server = createServer((near) => {
    attempts++;
    if (state === 'cut') return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [socket, other, side] of [
      [near, far, nears],
      [far, near, fars],
    ] as const) {
      side.add(socket);
      socket.on('data', (data) => void other.write(data));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // One that was taken away without a word is on no list any more.
        if (side.delete(socket)) other.destroy();
      });
      if (state === 'frozen') socket.pause();
    }
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get attempts() {
      return attempts;
    },
    cut: () => {
      state = 'cut';
      for (const socket of all()) socket.destroy();
    },
    freeze: () => {
      state = 'frozen';
      for (const socket of all()) socket.pause();
    },
    restore: () => {
      state = 'open';
      for (const socket of all()) socket.resume();
    },
    replace: () => {
      state = 'open';
      for (const near of nears) near.pause();
      for (const far of fars) {
        fars.delete(far);
        far.destroy();
      }
    },
    close: async () => {
      for (const socket of all()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
