import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';
import { BASE } from './base';
import { queryClient } from './queries';
import { accessToken } from './session';

/** What is told at `/ws` (docs/consultants.md has the protocol). */
export type LiveEvent = {
  readonly kind: string;
  readonly cursor: number;
  readonly payload: Readonly<Record<string, unknown>>;
};
type Told = {
  readonly type: string;
  readonly id?: string;
  readonly expires_at?: string;
  readonly topic?: string;
} & Partial<LiveEvent>;
export type LiveState = 'off' | 'connecting' | 'on';

const NOT_SIGNED_IN = 4401;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const RENEW_BEFORE_MS = 20_000;
/** Lists that grow with every call have their own news. */
const OWN_NEWS = '/api/v1/admin/call-logs';

/** The one connection of this page: tells what has changed, so that nothing has to be asked for again and again. */
class Live {
  state: LiveState = 'off';
  private socket: WebSocket | null = null;
  private cursor: number | undefined;
  private waitMs = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private renewal: ReturnType<typeof setTimeout> | undefined;
  private readonly states = new Set<() => void>();
  private readonly events = new Set<(event: LiveEvent) => void>();
  private readonly watchers = new Map<string, Set<() => void>>();

  begin(): void {
    if (this.state === 'off') void this.connect();
  }

  end(): void {
    clearTimeout(this.timer);
    clearTimeout(this.renewal);
    const { socket } = this;
    this.socket = null;
    this.cursor = undefined;
    this.become('off');
    socket?.close();
  }

  onState = (listener: () => void) => {
    this.states.add(listener);
    return () => void this.states.delete(listener);
  };

  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.events.add(listener);
    return () => void this.events.delete(listener);
  }

  /** Tells whenever there is more of a topic. */
  watch(topic: string, listener: () => void): () => void {
    const of = this.watchers.get(topic) ?? new Set();
    this.watchers.set(topic, of.add(listener));
    this.sayTopics();
    return () => {
      of.delete(listener);
      if (of.size === 0) this.watchers.delete(topic);
      this.sayTopics();
    };
  }

  private async connect(): Promise<void> {
    this.become('connecting');
    try {
      const token = await accessToken();
      const socket = new WebSocket(`${BASE.replace(/^http/, 'ws')}/ws`);
      this.socket = socket;
      socket.addEventListener('open', () => this.say({ type: 'authenticate', token }));
      socket.addEventListener('message', ({ data }) => this.hear(JSON.parse(String(data)) as Told));
      socket.addEventListener('close', ({ code }) => socket === this.socket && this.lose(code));
    } catch {
      this.lose(0);
    }
  }

  private lose(code: number): void {
    clearTimeout(this.renewal);
    this.socket = null;
    if (code === NOT_SIGNED_IN) this.waitMs = FIRST_WAIT_MS;
    this.become('connecting');
    this.timer = setTimeout(() => void this.connect(), this.waitMs * (0.5 + Math.random()));
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }

  private hear(told: Told): void {
    if (told.expires_at) this.renewBefore(told.expires_at);
    if (told.cursor !== undefined) this.cursor = told.cursor;
    if (told.type === 'welcome') {
      this.say(this.cursor === undefined ? { type: 'resume' } : { type: 'resume', cursor: this.cursor });
      this.sayTopics();
    }
    if (told.type === 'caught_up') {
      if (this.waitMs > FIRST_WAIT_MS) refreshShown();
      this.waitMs = FIRST_WAIT_MS;
      this.become('on');
    }
    if (told.type === 'event') for (const listener of this.events) listener(told as LiveEvent);
    if (told.type === 'news') for (const listener of this.watchers.get(told.topic ?? '') ?? []) listener();
  }

  private renewBefore(expiresAt: string): void {
    clearTimeout(this.renewal);
    const ms = Math.max(1000, Date.parse(expiresAt) - Date.now() - RENEW_BEFORE_MS);
    this.renewal = setTimeout(() => {
      void accessToken().then((token) => this.say({ type: 'authenticate', token }));
    }, ms);
  }

  private sayTopics(): void {
    this.say({ type: 'watch', topics: [...this.watchers.keys()] });
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private become(state: LiveState): void {
    this.state = state;
    for (const listener of this.states) listener();
  }
}

export const live = new Live();

/** All that is on screen, but for the call log. */
function refreshShown(): void {
  void queryClient.invalidateQueries({
    predicate: ({ queryKey }) => !String(queryKey[0]).startsWith(OWN_NEWS),
  });
}

/** While somebody is signed in: connected, and what others change is shown at once. */
export function useLive(): void {
  useEffect(() => {
    live.begin();
    const leave = live.watch('changes', refreshShown);
    return () => {
      leave();
      live.end();
    };
  }, []);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.onState, () => live.state);
}

export function useLiveEvents(listener: (event: LiveEvent) => void): void {
  const hear = useEffectEvent(listener);
  useEffect(() => live.onEvent((event) => hear(event)), []);
}

/** Watches a topic for as long as it is the same one, whatever the listener is by then. */
export function useNews(topic: string, isWatching: boolean, listener: () => void): void {
  const hear = useEffectEvent(listener);
  useEffect(() => (isWatching ? live.watch(topic, () => hear()) : undefined), [topic, isWatching]);
}
