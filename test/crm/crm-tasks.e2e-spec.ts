import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../src/access/caller.js';
import { ConflictError, InvalidInputError } from '../../src/platform/errors.js';
import { type Answer, CrmWorld } from '../support/crm-world.js';

describe('the tools about tasks and projects', () => {
  let world: CrmWorld;
  let ours: Caller;

  beforeAll(async () => {
    world = await CrmWorld.start();
    ours = await world.newTenant();
  });

  afterAll(() => world?.stop());

  function call(name: string, args: object, caller: Caller = ours): Promise<Answer> {
    return world.call(name, args, caller);
  }

  describe('tasks', () => {
    it('are created open and go their way step by step', async () => {
      const assignee = await world.newUser(ours, { roles: ['consultant'] });
      const { id: user_id } = await world.newUser(ours);
      const task = await call('create_task', {
        user_id,
        title: ' Call back ',
        description: '',
        priority: 'HIGH',
        due_at: '2026-03-01T09:30:00+08:00',
        assignee_id: assignee.id,
      });
      expect(task).toMatchObject({
        user_id,
        title: 'Call back',
        status: 'open',
        next_statuses: ['in_progress', 'cancelled'],
        priority: 'high',
        due_at: '2026-03-01T01:30:00.000Z',
        assignee_id: assignee.id,
        closed_at: null,
      });
      const { task_id } = task;
      for (const status of ['in_progress', 'blocked', 'in_progress', 'done']) {
        expect(await call('update_task_status', { task_id, status })).toMatchObject({ task_id, status });
      }
      expect(await call('get_task', { task_id })).toMatchObject({
        status: 'done',
        next_statuses: [],
        closed_at: expect.stringMatching(/Z$/),
      });
    });

    it('refuse an illegal step and say which are legal', async () => {
      const { id: user_id } = await world.newUser(ours);
      const { task_id } = await call('create_task', { user_id, title: 'x' });
      await expect(call('update_task_status', { task_id, status: 'done' })).rejects.toThrow(
        "A task that is 'open' cannot become 'done'; legal now: in_progress, cancelled",
      );
      await call('update_task_status', { task_id, status: 'cancelled' });
      await expect(call('update_task_status', { task_id, status: 'open' })).rejects.toThrow(ConflictError);
      await expect(call('update_task_status', { task_id, status: 'finished' })).rejects.toThrow(
        InvalidInputError,
      );
    });

    it('take the same status again as done', async () => {
      const { id: user_id } = await world.newUser(ours);
      const { task_id, updated_at } = await call('create_task', { user_id, title: 'x' });
      expect(await call('update_task_status', { task_id, status: 'open' })).toMatchObject({ updated_at });
    });

    it('take only one of two steps made at once', async () => {
      const { id: user_id } = await world.newUser(ours);
      const { task_id } = await call('create_task', { user_id, title: 'x' });
      await call('update_task_status', { task_id, status: 'in_progress' });
      const results = await Promise.allSettled([
        call('update_task_status', { task_id, status: 'done' }),
        call('update_task_status', { task_id, status: 'cancelled' }),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('are listed newest first, by status, page by page', async () => {
      const { id: user_id } = await world.newUser(ours);
      for (const title of ['first', 'second', 'third']) await call('create_task', { user_id, title });
      const page = await call('list_tasks', { user_id, limit: 2 });
      expect(titlesOf(page)).toEqual(['third', 'second']);
      expect(titlesOf(await call('list_tasks', { user_id, limit: 2, cursor: page.next_cursor }))).toEqual([
        'first',
      ]);
      await call('update_task_status', { task_id: page.tasks[0].task_id, status: 'in_progress' });
      expect(titlesOf(await call('list_tasks', { user_id, status: 'in_progress' }))).toEqual(['third']);
      expect(titlesOf(await call('list_tasks', { user_id, status: '' }))).toHaveLength(3);
      await expect(call('list_tasks', { user_id, status: 'late' })).rejects.toThrow(
        'status must be one of open,',
      );
    });

    it('refuse bad input and create nothing', async () => {
      const { id: user_id } = await world.newUser(ours);
      const customer = await world.newUser(ours);
      const wrong = [
        { user_id, title: ' ' },
        { user_id, title: 'x'.repeat(201) },
        { user_id, title: 'x', priority: 'asap' },
        { user_id, title: 'x', due_at: 'tomorrow' },
        { user_id, title: 'x', assignee_id: customer.id },
        { user_id: 'abc', title: 'x' },
      ];
      for (const args of wrong) await expect(call('create_task', args)).rejects.toThrow(InvalidInputError);
      expect(await call('list_tasks', { user_id })).toMatchObject({ tasks: [], next_cursor: null });
    });
  });

  describe('get_project_info', () => {
    it('gives one project, those that match, or the whole catalogue page by page', async () => {
      const caller = await world.newTenant();
      const laser = await world.newProject(caller, {
        code: 'a-laser',
        name: '激光 Laser',
        category: 'laser',
        contraindications: ['pregnancy'],
      });
      await world.newProject(caller, { code: 'b-facial' });
      await world.newProject(caller, { code: 'c-gone', enabled: false });
      const one = await call('get_project_info', { project_id: laser.id }, caller);
      expect(one.projects).toMatchObject([
        {
          code: 'a-laser',
          price_min_cents: 10_000,
          price_max_cents: 20_000,
          currency: 'CNY',
          duration_minutes: 45,
          contraindications: ['pregnancy'],
        },
      ]);
      expect(codesOf(await call('get_project_info', { query: '激光' }, caller))).toEqual(['a-laser']);
      expect(codesOf(await call('get_project_info', { query: 'SKIN' }, caller))).toEqual(['b-facial']);
      const first = await call('get_project_info', { limit: 1 }, caller);
      const second = await call('get_project_info', { limit: 1, cursor: first.next_cursor }, caller);
      expect([first, second].flatMap(codesOf)).toEqual(['a-laser', 'b-facial']);
      expect(second.next_cursor).toBeNull();
    });

    it('says how to find a project that does not exist', async () => {
      await expect(call('get_project_info', { project_id: uuidv7() })).rejects.toMatchObject({
        hint: { tool: 'get_project_info', how: expect.stringContaining('without arguments') },
      });
      await expect(call('get_project_info', { project_id: 'laser' })).rejects.toThrow(InvalidInputError);
    });
  });
});

function titlesOf(answer: Answer): string[] {
  return answer.tasks.map((task: Answer) => task.title);
}

function codesOf(answer: Answer): string[] {
  return answer.projects.map((project: Answer) => project.code);
}
