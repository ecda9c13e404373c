import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { nextStatuses, TASK_PRIORITIES, TASK_STATUSES } from './task-status.js';
import type { Task } from './task.entity.js';
import { TasksService } from './tasks.service.js';
import {
  FIND_CONSULTANT,
  FIND_TASK,
  FIND_USER,
  cursorField,
  customerId,
  customerIdField,
  limitField,
  optionalChoice,
  optionalText,
  optionalTime,
  optionalUuid,
  requiredChoice,
  requiredText,
  requiredUuid,
} from './tool-arguments.js';

const STATUSES = TASK_STATUSES.join(', ');
const taskIdField = z.string().describe('Id of the task: a UUID. list_tasks finds it.');

const getInput = z.object({
  task_id: taskIdField,
  user_id: z
    .string()
    .optional()
    .describe('Id of the customer: a UUID. When given, only a task about this customer is found.'),
});
const listInput = z.object({
  user_id: customerIdField,
  status: z
    .string()
    .optional()
    .describe(`Only tasks with this status. Allowed: ${STATUSES}. Leave out for all.`),
  limit: limitField('tasks', 20, 100),
  cursor: cursorField,
});
const createInput = z.object({
  user_id: customerIdField,
  title: z.string().describe('What to do, in one line of at most 200 characters.'),
  description: z.string().optional().describe('Details, at most 5000 characters.'),
  priority: z
    .string()
    .optional()
    .describe(`How pressing it is. Allowed: ${TASK_PRIORITIES.join(', ')}. Default: normal.`),
  due_at: z
    .string()
    .optional()
    .describe('When it must be done: ISO 8601 with time zone, e.g. 2026-03-01T09:30:00+08:00.'),
  assignee_id: z
    .string()
    .optional()
    .describe('Id of the colleague who is to do it: a UUID. Leave out when nobody is chosen yet.'),
});
const updateInput = z.object({
  task_id: taskIdField,
  user_id: getInput.shape.user_id,
  status: z
    .string()
    .describe(`The new status. Allowed: ${STATUSES}; which steps are legal depends on the present one.`),
});

/** Tools about tasks for customers. */
@Injectable()
export class TasksTools {
  constructor(private readonly tasks: TasksService) {}

  @McpTool({
    name: 'get_task',
    title: 'Task',
    description:
      'One task: what to do for which customer, status, priority, due time, assignee, possible next steps.',
    category: 'task',
    version: '1.0.0',
    input: getInput,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getTask(args: z.output<typeof getInput>, ctx: ToolContext) {
    const aboutUserId = optionalUuid('user_id', args.user_id, FIND_USER);
    return taskOut(await this.tasks.getTask(ctx.caller, taskId(args.task_id), aboutUserId));
  }

  @McpTool({
    name: 'list_tasks',
    title: 'Tasks of a customer',
    description:
      'The tasks about one customer, newest first. Look here before you create a task, to make no duplicate.',
    category: 'task',
    version: '1.0.0',
    input: listInput,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async listTasks(args: z.output<typeof listInput>, ctx: ToolContext) {
    const userId = customerId(args.user_id);
    const page = await this.tasks.listTasks(ctx.caller, userId, {
      status: optionalChoice('status', args.status, TASK_STATUSES),
      limit: args.limit,
      cursor: optionalText(args.cursor),
    });
    return { user_id: userId, tasks: page.items.map(taskOut), next_cursor: page.nextCursor };
  }

  @McpTool({
    name: 'create_task',
    title: 'Create a task',
    description:
      'Creates a task about a customer for our team, for instance a call back or a price to send. It starts as open. ' +
      'Every call makes a new task: look with list_tasks first.',
    category: 'task',
    version: '1.0.0',
    input: createInput,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  })
  async createTask(args: z.output<typeof createInput>, ctx: ToolContext) {
    const description = optionalText(args.description);
    const task = await this.tasks.createTask(ctx.caller, customerId(args.user_id), {
      title: requiredText('title', args.title, 200),
      description: description === undefined ? '' : requiredText('description', description, 5000),
      priority: optionalChoice('priority', args.priority, TASK_PRIORITIES) ?? 'normal',
      dueAt: optionalTime('due_at', args.due_at) ?? null,
      assigneeId: optionalUuid('assignee_id', args.assignee_id, FIND_CONSULTANT) ?? null,
    });
    return taskOut(task);
  }

  @McpTool({
    name: 'update_task_status',
    title: 'Move a task along',
    description:
      'Changes the status of a task. Steps: open to in_progress or cancelled; in_progress to blocked, done or cancelled; ' +
      'blocked to in_progress or cancelled. done and cancelled are final.',
    category: 'task',
    version: '1.0.0',
    input: updateInput,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  })
  async updateTaskStatus(args: z.output<typeof updateInput>, ctx: ToolContext) {
    const status = requiredChoice('status', args.status, TASK_STATUSES);
    const aboutUserId = optionalUuid('user_id', args.user_id, FIND_USER);
    const { id } = await this.tasks.getTask(ctx.caller, taskId(args.task_id), aboutUserId);
    return taskOut(await this.tasks.updateStatus(ctx.caller, id, status));
  }
}

function taskId(value: string): string {
  return requiredUuid('task_id', value, FIND_TASK);
}

function taskOut(task: Task) {
  return {
    task_id: task.id,
    user_id: task.userId,
    title: task.title,
    description: task.description,
    status: task.status,
    next_statuses: nextStatuses(task.status),
    priority: task.priority,
    due_at: task.dueAt?.toISOString() ?? null,
    assignee_id: task.assigneeId,
    closed_at: task.closedAt?.toISOString() ?? null,
    created_at: task.createdAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
  };
}
