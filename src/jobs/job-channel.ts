/**
 * What replicas tell each other about jobs, by NOTIFY: an empty message when one may be due, or the id of one that was cancelled.
 * A message that got lost delays, and changes nothing: leases find it out.
 */
export const JOB_CHANNEL = 'toolcrib_jobs';

const CANCELLED = 'cancelled ';

export function cancelledMessage(jobId: string): string {
  return `${CANCELLED}${jobId}`;
}

/** Undefined: the message is none of those. */
export function cancelledJobIn(message: string): string | undefined {
  return message.startsWith(CANCELLED) ? message.slice(CANCELLED.length) : undefined;
}
