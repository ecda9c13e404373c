import { BusyError } from '../../platform/errors.js';
import { shareToMakeRoom } from '../../platform/largest-share.js';

const RETRY_AFTER_SECONDS = 2;

/** Whose work it is, the larger party first: a network, then a client of it. */
export type PasswordShare = readonly [network: string, client: string];

type Waiting = {
  readonly share: PasswordShare;
  readonly begin: () => void;
  readonly refuse: (error: Error) => void;
};

/**
 * Makes places for work on passwords: so much at once, so much more waits. Networks take turns; when all places to wait are taken, the
 * one that holds most of them makes room, so that nobody keeps others from signing in.
 *
 * @returns Runs work in a place. It throws `BusyError` where there is none, also while it waits for one.
 */
export function passwordPlaces(atOnce: number, waitingMax: number) {
  let running = 0;
  /** By network; the one that is served next comes first. */
  const waiting = new Map<string, Waiting[]>();

  const leave = (one: Waiting): void => {
    const [network] = one.share;
    const others = (waiting.get(network) ?? []).filter((other) => other !== one);
    if (others.length > 0) waiting.set(network, others);
    else waiting.delete(network);
  };

  const makeRoom = (share: PasswordShare): void => {
    const all = [...waiting.values()].flat();
    if (all.length < waitingMax) return;
    const { isOwn, holders } = shareToMakeRoom(all, (one) => one.share, share);
    const last = holders.at(-1);
    if (isOwn || !last) throw busy();
    leave(last);
    last.refuse(busy());
  };

  const place = (share: PasswordShare): Promise<void> | undefined => {
    if (running < atOnce) {
      running++;
      return undefined;
    }
    makeRoom(share);
    return new Promise((begin, refuse) => {
      const [network] = share;
      waiting.set(network, [...(waiting.get(network) ?? []), { share, begin, refuse }]);
    });
  };

  /** The place goes to the first of the network whose turn it is, which then comes last. */
  const passOn = (): void => {
    const [next] = waiting;
    if (!next) {
      running--;
      return;
    }
    const [network, [first, ...others]] = next;
    waiting.delete(network);
    if (others.length > 0) waiting.set(network, others);
    first.begin();
  };

  return async <T>(share: PasswordShare, work: () => Promise<T>): Promise<T> => {
    await place(share);
    try {
      return await work();
    } finally {
      passOn();
    }
  };
}

function busy(): BusyError {
  return new BusyError('Too many passwords are being checked; try again in a moment', RETRY_AFTER_SECONDS);
}
