/** Headers by which the service refuses to undo what somebody else has saved meanwhile. */
export function ifMatch(version: number | undefined): { 'If-Match'?: string } {
  return version === undefined ? {} : { 'If-Match': `"${version}"` };
}
