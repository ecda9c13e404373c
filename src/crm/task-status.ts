export const TASK_STATUSES = ['open', 'in_progress', 'blocked', 'done', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const TASK_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type TaskPriority = (typeof TASK_PRIORITIES)[number];

const STEPS: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  open: ['in_progress', 'cancelled'],
  in_progress: ['blocked', 'done', 'cancelled'],
  blocked: ['in_progress', 'cancelled'],
  done: [],
  cancelled: [],
};

/** The statuses a task may go to from `status`; none for a closed task. */
export function nextStatuses(status: TaskStatus): readonly TaskStatus[] {
  return STEPS[status];
}

/** Closed tasks stay closed. */
export function isClosed(status: TaskStatus): boolean {
  return STEPS[status].length === 0;
}
