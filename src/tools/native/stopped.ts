/** Why a call was stopped from outside while its tool was at work, or about to be. */
export class Stopped extends Error {
  /** False: the tool still waited for a thread. */
  didBegin = true;

  constructor(
    readonly errorKind: 'timeout' | 'cancelled',
    message: string,
  ) {
    super(message);
  }
}
