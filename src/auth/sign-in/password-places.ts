import { BusyError } from '../../platform/errors.js';
import { FairPlaces } from '../../platform/fair-places.js';
import { shareToMakeRoom } from '../../platform/largest-share.js';

const RETRY_AFTER_SECONDS = 2;

/** Whose work it is, the larger party first: a network, then a client of it. */
export type PasswordShare = readonly [network: string, client: string];

type Waiting = { readonly share: PasswordShare; readonly refuse: () => void };

/**
 * Makes places for work on passwords: so much at once, so much more waits. Networks take turns; when all places to wait are taken, the
 * one that holds most of them makes room, so that nobody keeps others from signing in.
 *
 * @returns Runs work in a place. It throws `BusyError` where there is none, also while it waits for one.
 */
export function passwordPlaces(atOnce: number, waitingMax: number) {
  const places = new FairPlaces(atOnce);
  const waiting = new Set<Waiting>();

  const makeRoom = (share: PasswordShare): void => {
    if (waiting.size < waitingMax) return;
    const { isOwn, holders } = shareToMakeRoom(waiting, (one) => one.share, share);
    if (isOwn) throw busy();
    holders.at(-1)?.refuse();
  };

  const enter = (share: PasswordShare): Promise<void> | undefined => {
    const [network] = share;
    if (places.tryEnter(network)) return undefined;
    makeRoom(share);
    return new Promise((begin, reject) => {
      const leaveQueue = places.enterLater(network, () => {
        waiting.delete(one);
        begin();
      });
      const refuse = () => {
        leaveQueue();
        waiting.delete(one);
        reject(busy());
      };
      const one: Waiting = { share, refuse };
      waiting.add(one);
    });
  };

  return async <T>(share: PasswordShare, work: () => Promise<T>): Promise<T> => {
    await enter(share);
    try {
      return await work();
    } finally {
      places.leave(share[0]);
    }
  };
}

function busy(): BusyError {
  return new BusyError('Too many passwords are being checked; try again in a moment', RETRY_AFTER_SECONDS);
}
