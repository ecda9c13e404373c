/**
 * Lets the process go on when its output cannot be written: whoever read the pipe has ended, the terminal is gone, the disk
 * is full. Without a listener the first line after that would end the service, or a command in the middle of a change. Lines
 * that nobody can read are lost; Node writes the next ones again, so a disk that has room again gets them.
 */
export function outliveReaders(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
}
