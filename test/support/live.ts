import { type ClientOptions, WebSocket } from 'ws';
import { HANG_MS } from './waiting.js';

export type Told = { readonly type: string } & Readonly<Record<string, unknown>>;
export type ToldEvent = Told & {
  readonly cursor: number;
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
};

/** A real client at `/ws`, that keeps all it is told. */
export class LiveClient {
  readonly told: Told[] = [];
  /** Close code and reason; also of a connection that was refused in HTTP: its status. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private readonly waiting = new Set<() => void>();
  private endedWith: string | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.told.push(JSON.parse(data.toString('utf8')) as Told);
      for (const look of this.waiting) look();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => {
        resolve({ code: response.statusCode ?? 0, reason: 'refused' });
        response.destroy();
      });
      socket.on('close', (code, reason) => {
        this.endedWith = `${code} ${reason.toString()}`;
        resolve({ code, reason: reason.toString() });
        for (const look of this.waiting) look();
      });
    });
  }

  /** @param url Of the server, `http://…`. */
  static open(url: string, options: ClientOptions & { protocols?: string[] } = {}): LiveClient {
    return new LiveClient(new WebSocket(`${url.replace('http', 'ws')}/ws`, options.protocols, options));
  }

  /** Signed in, and following the events from a cursor or from now on. */
  static async follow(url: string, token: string, cursor?: number): Promise<LiveClient> {
    const client = LiveClient.open(url, { headers: { authorization: `Bearer ${token}` } });
    await client.hears('welcome');
    client.say({ type: 'resume', cursor });
    await client.hears('caught_up');
    return client;
  }

  get events(): ToldEvent[] {
    return this.told.filter(({ type }) => type === 'event') as ToldEvent[];
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  async opened(): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) return;
    await new Promise((resolve) => this.socket.once('open', resolve));
  }

  /** The first message of a type that fits. */
  async hears(type: string, fits: (told: Told) => boolean = () => true): Promise<Told> {
    const find = () => this.told.find((told) => told.type === type && fits(told));
    await this.until(() => find() !== undefined, `a message '${type}'`);
    return find()!;
  }

  /** The first event of a kind that fits. */
  async sees(kind: string, fits: (event: ToldEvent) => boolean = () => true): Promise<ToldEvent> {
    return (await this.hears('event', (told) => told.kind === kind && fits(told as ToldEvent))) as ToldEvent;
  }

  /** An answer to what was asked with the id. */
  ask(message: { readonly type: string; readonly id: string } & Record<string, unknown>): Promise<Told> {
    this.say(message);
    return this.answer(message.id);
  }

  async answer(id: string): Promise<Told> {
    const find = () => this.told.find((told) => told['id'] === id);
    await this.until(() => find() !== undefined, `an answer to ${id}`);
    return find()!;
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error) => {
        clearTimeout(limit);
        this.waiting.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const heard = () => `${what} did not come; heard ${JSON.stringify(this.told.slice(-5))}`;
      const limit = setTimeout(() => end(new Error(heard())), HANG_MS);
      const look = () => {
        if (isSo()) end();
        else if (this.endedWith !== undefined) end(new Error(`Closed with ${this.endedWith}: ${heard()}`));
      };
      this.waiting.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
