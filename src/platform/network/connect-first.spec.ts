import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { connectFirst } from './connect-first.js';

const SILENT = `
  const server = require('node:net').createServer().listen({ host: process.argv[1], port: +process.argv[2], backlog: 1 });
  server.once('listening', () => {
    process.stdout.write(String(server.address().port));
    process.kill(process.pid, 'SIGSTOP');
  });`;
const addressOf = (host: string) => ({ address: host, family: 4 });
const patience = () => AbortSignal.timeout(60_000);

/** Linux drops what asks a full queue for a connection, as a dead address does, and lets it in at its next try once there is room. */
describe('connectFirst', () => {
  const children: ChildProcess[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** A host that does not answer until it is woken. */
  const startSilent = async (host: string, port = 0) => {
    const child = spawn(process.execPath, ['-e', SILENT, host, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const fillers = [0, 1].map(() => connect({ host, port: Number(String(text)) }));
    sockets.push(...fillers);
    await Promise.all(fillers.map((socket) => once(socket, 'connect')));
    return { port: Number(String(text)), wake: () => child.kill('SIGCONT') };
  };

  it('reaches a peer that takes longer than the turn of an address, between dead ones', async () => {
    const { port } = await startSilent('127.0.0.1');
    const far = await startSilent('127.0.0.2', port);
    await startSilent('127.0.0.3', port);
    const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(addressOf);
    const connecting = connectFirst(addresses, port, patience());
    await until(() => isAsking('127.0.0.3', port));
    expect(isAsking('127.0.0.2', port)).toBe(true);
    far.wake();
    const socket = await connecting;
    sockets.push(socket);
    expect(socket.remoteAddress).toBe('127.0.0.2');
    await until(() => !isAsking('127.0.0.1', port) && !isAsking('127.0.0.3', port));
  });

  it('goes on at once where an address refuses, and says why when all do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = await connectFirst(['127.0.0.2', '127.0.0.1'].map(addressOf), port, patience());
    sockets.push(socket);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    server.close();
    const refused = connectFirst(['127.0.0.2', '127.0.0.3'].map(addressOf), port, patience());
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('leaves nothing behind when it is given up', async () => {
    const { port } = await startSilent('127.0.0.1');
    const ending = new AbortController();
    const connecting = connectFirst([addressOf('127.0.0.1')], port, ending.signal);
    connecting.catch(() => undefined);
    await until(() => isAsking('127.0.0.1', port));
    ending.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await until(() => !isAsking('127.0.0.1', port));
  });
});

/** Whether a connection is being asked for there: SYN_SENT. */
function isAsking(host: string, port: number): boolean {
  const address = host
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
  const remote = `${address}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
  return readFileSync('/proc/net/tcp', 'utf8').includes(` ${remote} 02 `);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
