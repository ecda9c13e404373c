import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { newId } from '../platform/new-id.js';
import type { Caller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { toPage } from '../platform/rest/paging.js';
import { DirectoryService } from './directory.service.js';
import { isClosed, nextStatuses, type TaskPriority, type TaskStatus } from './task-status.js';
import { Task } from './task.entity.js';
import { decodeTimeCursor, timeKey } from './time-cursor.js';
import { FIND_CONSULTANT, FIND_TASK, wrongField } from './tool-arguments.js';

export type NewTask = {
  readonly title: string;
  readonly description: string;
  readonly priority: TaskPriority;
  readonly dueAt: Date | null;
  readonly assigneeId: string | null;
};

/** Tasks about customers: make, read, move along. */
@Injectable()
export class TasksService {
  constructor(
    private readonly directory: DirectoryService,
    @InjectRepository(Task) private readonly tasks: Repository<Task>,
  ) {}

  /** @param aboutUserId When given, one about another customer is not found. */
  async getTask(caller: Caller, taskId: string, aboutUserId?: string): Promise<Task> {
    const where = { tenantId: caller.tenantId, id: taskId };
    const task = await this.tasks.findOneBy(
      aboutUserId === undefined ? where : { ...where, userId: aboutUserId },
    );
    if (!task) throw new NotFoundError(`No task '${taskId}'`, { hint: FIND_TASK });
    return task;
  }

  /** The tasks about one customer, newest first. */
  async listTasks(
    caller: Caller,
    userId: string,
    options: { readonly status?: TaskStatus; readonly limit: number; readonly cursor?: string },
  ): Promise<Page<Task>> {
    await this.directory.getCustomer(caller, { id: userId });
    const query = this.tasks
      .createQueryBuilder('task')
      .where({ tenantId: caller.tenantId, userId })
      .orderBy('task.createdAt', 'DESC')
      .addOrderBy('task.id', 'DESC')
      .limit(options.limit + 1);
    if (options.status !== undefined) query.andWhere({ status: options.status });
    if (options.cursor !== undefined) {
      query.andWhere('(task.createdAt, task.id) < (:time, :id)', decodeTimeCursor(options.cursor));
    }
    return toPage(await query.getMany(), options.limit, (task) => timeKey(task.createdAt, task.id));
  }

  async createTask(caller: Caller, userId: string, task: NewTask): Promise<Task> {
    await this.directory.getCustomer(caller, { id: userId });
    if (task.assigneeId !== null) await this.requireColleague(caller, task.assigneeId);
    const { tenantId } = caller;
    const row = this.tasks.create({
      ...task,
      id: newId(),
      tenantId,
      userId,
      status: 'open',
      closedAt: null,
    });
    await this.tasks.insert(row); // not save: that would look for the id first
    return row;
  }

  /**
   * Moves a task one step. Asking for the status it has changes nothing and is no error, so a retry is harmless.
   *
   * @throws {ConflictError} The step is not allowed from the present status, or someone else was faster.
   */
  async updateStatus(caller: Caller, taskId: string, status: TaskStatus): Promise<Task> {
    const task = await this.getTask(caller, taskId);
    if (task.status === status) return task;
    if (!nextStatuses(task.status).includes(status))
      throw new ConflictError(illegalStep(task.status, status));
    const { affected } = await this.tasks.update(
      { tenantId: caller.tenantId, id: taskId, status: task.status },
      { status, closedAt: isClosed(status) ? new Date() : null },
    );
    if (affected === 0) {
      throw new ConflictError('The task was changed by someone else just now. Look at it and decide again', {
        hint: { tool: 'get_task', how: 'to see how it is now' },
      });
    }
    return this.getTask(caller, taskId);
  }

  private async requireColleague(caller: Caller, assigneeId: string): Promise<void> {
    const assignee = await this.directory.getUser(caller, { id: assigneeId });
    if (assignee.roles.some((role) => role !== 'customer')) return;
    throw wrongField(
      'assignee_id',
      `User '${assignee.username}' is a customer and cannot do tasks`,
      FIND_CONSULTANT,
    );
  }
}

function illegalStep(from: TaskStatus, to: TaskStatus): string {
  const next = nextStatuses(from);
  const legal =
    next.length === 0 ? 'it is closed for good; create a new task instead' : `legal now: ${next.join(', ')}`;
  return `A task that is '${from}' cannot become '${to}'; ${legal}`;
}
