import { isClosed, nextStatuses, TASK_STATUSES } from './task-status.js';

describe('nextStatuses', () => {
  it('allows exactly these steps', () => {
    const steps = TASK_STATUSES.flatMap((from) => nextStatuses(from).map((to) => `${from} → ${to}`));
    expect(steps).toEqual([
      'open → in_progress',
      'open → cancelled',
      'in_progress → blocked',
      'in_progress → done',
      'in_progress → cancelled',
      'blocked → in_progress',
      'blocked → cancelled',
    ]);
  });

  it('closes a task for good when it is done or cancelled', () => {
    expect(TASK_STATUSES.filter(isClosed)).toEqual(['done', 'cancelled']);
  });
});
