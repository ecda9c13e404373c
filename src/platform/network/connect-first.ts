import { lookup, type LookupAddress } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';

/** What an address has to itself before the next one is tried beside it (RFC 8305, section 5). */
const NEXT_AFTER_MS = 250;

export type Peer = { readonly host: string; readonly port: number; readonly signal: AbortSignal };

/**
 * Connects to a host by whichever of its addresses answers first. Node by itself gives each address 250 ms and then breaks off, so
 * that behind dead addresses a peer that is further away is never reached, however often it is tried.
 *
 * @param check Throws where none of these addresses may be connected to.
 * @throws {Error} `ABORT_ERR`: the signal fired. Else that of the first address, as `net.connect` has it.
 */
export async function connectToHost(
  { host, port, signal }: Peer,
  check: (addresses: readonly LookupAddress[]) => void = () => undefined,
): Promise<Socket> {
  const addresses = await untilAborted(signal, addressesOf(host));
  check(addresses);
  return connectFirst(addresses, port, signal);
}

/**
 * Connects to the first of several addresses that answers: one after the other is begun, at once where the last one failed, and none
 * is broken off before another one has answered ("Happy Eyeballs", RFC 8305).
 */
export async function connectFirst(
  addresses: readonly LookupAddress[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const waiting = byTurns(addresses);
  const open = new Set<Socket>();
  const errors: Error[] = [];
  let timer: NodeJS.Timeout | undefined;
  const first = new Promise<Socket>((resolve, reject) => {
    const tryNext = () => {
      clearTimeout(timer);
      const next = waiting.shift();
      if (!next) return;
      const socket = connect({ host: next.address, family: next.family, port, autoSelectFamily: false });
      open.add(socket);
      socket.once('connect', () => {
        open.delete(socket);
        resolve(socket);
      });
      // Stays: until the taker listens, an error without a listener would end the process.
      socket.on('error', (error) => {
        open.delete(socket);
        errors.push(error);
        if (waiting.length > 0) tryNext();
        else if (open.size === 0) reject(errorOf(errors));
      });
      timer = setTimeout(tryNext, NEXT_AFTER_MS);
    };
    tryNext();
  });
  try {
    return await untilAborted(signal, first);
  } finally {
    clearTimeout(timer);
    waiting.length = 0;
    for (const socket of open) socket.destroy();
  }
}

/** In the order of the system (RFC 6724), but the families by turns: one that does not work costs one turn (RFC 8305, section 4). */
function byTurns(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const others = addresses.filter((address) => !first.includes(address));
  const turns = Math.max(first.length, others.length);
  return Array.from({ length: turns }, (_, turn) => [first[turn], others[turn]])
    .flat()
    .filter((address) => address !== undefined);
}

function addressesOf(host: string): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return Promise.resolve([{ address: host, family }]);
  return new Promise((resolve, reject) =>
    lookup(host, { all: true }, (error, found) => (error ? reject(error) : resolve(found))),
  );
}

function errorOf(errors: readonly Error[]): Error {
  const [first] = errors;
  if (errors.length === 1 && first) return first;
  const { code } = (first ?? {}) as NodeJS.ErrnoException;
  return Object.assign(new AggregateError(errors, 'None of the addresses can be reached'), { code });
}

async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let giveUp: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(abortError(signal));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  work.catch(() => undefined); // also when nobody waits for it any more
  try {
    return await Promise.race([aborted, work]);
  } finally {
    if (giveUp) signal.removeEventListener('abort', giveUp);
  }
}

/** As Node's own modules throw it. */
function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
