import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

/** Of the five seconds that connecting to the database may take: two addresses get their chance. */
const EACH_MS = 2000;

/**
 * Gives each address of a host time to answer, wherever a library connects by itself (the database's driver): after Node's own 250 ms
 * a server that is further away than that, or drops the first packet, is never reached while its name has a second address. What
 * we connect ourselves goes through `connectToHost`, which breaks none off.
 */
export function waitForAddresses(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(EACH_MS);
}
