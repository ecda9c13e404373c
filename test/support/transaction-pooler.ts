import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Client } from 'pg';

const SSL_REQUEST = 80877103;
const CANCEL_REQUEST = 80877102;
const IDLE = 'I'.charCodeAt(0);
/** Sessions on the server for each role. */
const SESSIONS = 3;

export type TransactionPooler = {
  /** The same address, behind the pooler. */
  of(url: string): string;
  close(): Promise<void>;
};

type Session = { readonly client: Client; readonly stream: Socket; user: Front | undefined };

/**
 * Stands in for PgBouncer in transaction mode: a client has a session of the server for a transaction only, and the next one goes to
 * another. Signs everybody in, as the role they say, with the password of `target`.
 */
export async function startTransactionPooler(target: string): Promise<TransactionPooler> {
  const sessions = new Map<string, Promise<SessionPool>>();
  const fronts = new Set<Front>();
  const poolOf = (role: string) => {
    const found = sessions.get(role) ?? SessionPool.open(target, role);
    sessions.set(role, found);
    return found;
  };
  const server = createServer((socket) => {
    const front = new Front(socket, poolOf);
    fronts.add(front);
    socket.on('close', () => fronts.delete(front));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    of: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    close: async () => {
      for (const { socket } of fronts) socket.destroy();
      server.close();
      for (const pool of sessions.values()) await pool.then((one) => one.close());
    },
  };
}

/** The sessions of one role, in turn. */
class SessionPool {
  private readonly free: Session[] = [];
  private readonly all: Session[] = [];
  private readonly waiting: ((session: Session) => void)[] = [];

  static async open(target: string, role: string): Promise<SessionPool> {
    const pool = new SessionPool();
    const connectionString = Object.assign(new URL(target), { username: role }).href;
    for (let count = 0; count < SESSIONS; count++) {
      const client = new Client({ connectionString });
      client.on('error', () => undefined);
      await client.connect();
      const stream = (client as unknown as { connection: { stream: Socket } }).connection.stream;
      stream.removeAllListeners('data');
      const session: Session = { client, stream, user: undefined };
      stream.on('data', (data: Buffer) => session.user?.answer(data));
      pool.all.push(session);
      pool.free.push(session);
    }
    return pool;
  }

  async take(): Promise<Session> {
    return this.free.shift() ?? new Promise((resolve) => this.waiting.push(resolve));
  }

  release(session: Session): void {
    session.user = undefined;
    const next = this.waiting.shift();
    if (next) next(session);
    else this.free.push(session);
  }

  close(): void {
    for (const { stream } of this.all) stream.destroy();
  }
}

/** One client's connection. */
class Front {
  private unread = Buffer.alloc(0);
  private unanswered = Buffer.alloc(0);
  private pool: SessionPool | undefined;
  private session: Session | undefined;
  /** Messages are passed on one after the other. */
  private turn: Promise<void> = Promise.resolve();
  /** Queries and Syncs whose ReadyForQuery is to come. */
  private pending = 0;

  constructor(
    readonly socket: Socket,
    private readonly poolOf: (role: string) => Promise<SessionPool>,
  ) {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      this.unread = Buffer.concat([this.unread, data]);
      this.turn = this.turn.then(() => this.read());
    });
    socket.on('close', () => void this.turn.then(() => this.rollBack()));
  }

  private async read(): Promise<void> {
    for (;;) {
      const [lengthAt, kindBytes, wanted] = this.pool ? [1, 1, 5] : [0, 0, 8];
      if (this.unread.length < wanted) return;
      const length = this.unread.readUInt32BE(lengthAt) + kindBytes;
      if (this.unread.length < length) return;
      const message = this.take(length);
      await (this.pool ? this.pass(message) : this.begin(message));
    }
  }

  private take(length: number): Buffer {
    const message = this.unread.subarray(0, length);
    this.unread = this.unread.subarray(length);
    return message;
  }

  private async begin(message: Buffer): Promise<void> {
    const code = message.readUInt32BE(4);
    if (code === SSL_REQUEST) return void this.socket.write('N');
    if (code === CANCEL_REQUEST) return void this.socket.destroy();
    const words = message.subarray(8).toString().split('\0');
    this.pool = await this.poolOf(words[words.indexOf('user') + 1]);
    const authenticated = Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, 0]);
    const key = Buffer.from([75, 0, 0, 0, 12, 0x7f, 1, 2, 3, 4, 5, 6, 7]);
    const ready = Buffer.from([90, 0, 0, 0, 5, IDLE]);
    this.socket.write(Buffer.concat([authenticated, key, ready]));
  }

  private async pass(message: Buffer): Promise<void> {
    const kind = String.fromCharCode(message[0]);
    if (kind === 'X') return void this.socket.end();
    if (kind === 'Q' || kind === 'S') this.pending++;
    if (!this.session) {
      this.session = await this.pool!.take();
      this.session.user = this;
    }
    this.session.stream.write(message);
  }

  /** What the server says; a transaction that is over gives its session back. */
  answer(data: Buffer): void {
    this.unanswered = Buffer.concat([this.unanswered, data]);
    while (this.unanswered.length >= 5) {
      const length = this.unanswered.readUInt32BE(1) + 1;
      if (this.unanswered.length < length) return;
      const message = this.unanswered.subarray(0, length);
      this.unanswered = this.unanswered.subarray(length);
      this.socket.write(message);
      if (message[0] !== 90) continue;
      this.pending--;
      if (this.pending === 0 && message[5] === IDLE) this.leave();
    }
  }

  /** A client went away in the middle of a transaction. */
  private rollBack(): void {
    if (!this.session) return;
    const text = Buffer.from('ROLLBACK\0');
    const head = Buffer.from([81, 0, 0, 0, text.length + 4]);
    this.pending++;
    this.session.stream.write(Buffer.concat([head, text]));
  }

  private leave(): void {
    const { session } = this;
    this.session = undefined;
    if (session) this.pool?.release(session);
  }
}
