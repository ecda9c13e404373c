import type { Caller } from '../../src/access/caller.js';
import { NotFoundError } from '../../src/platform/errors.js';
import { type Answer, CrmWorld } from '../support/crm-world.js';

describe('the tools of the business system', () => {
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

  it('are these fourteen, each property described', () => {
    expect([...world.tools.keys()].toSorted()).toEqual([
      'analyze_customer',
      'create_task',
      'get_consultation_history',
      'get_conversation_messages',
      'get_customer_preferences',
      'get_customer_profile',
      'get_project_info',
      'get_task',
      'get_user_profile',
      'list_tasks',
      'search_users',
      'summarize_consultations',
      'update_customer_preferences',
      'update_task_status',
    ]);
    for (const { options } of world.tools.values()) {
      for (const [name, property] of Object.entries(options.input.shape)) {
        expect([options.name, name, property.description]).toEqual([
          options.name,
          name,
          expect.stringMatching(/.{15}/),
        ]);
      }
    }
  });

  describe('a row of another tenant', () => {
    it('is not found by any tool', async () => {
      const theirs = await world.newTenant();
      const user = await world.newUser(theirs, { username: 'hidden' });
      const { id: conversation_id, messageIds } = await world.newConversation(user, 1);
      const project = await world.newProject(theirs, {});
      const { task_id } = await call('create_task', { user_id: user.id, title: 'x' }, theirs);
      const user_id = user.id;
      const calls: [string, object][] = [
        ['get_user_profile', { user_id }],
        ['get_user_profile', { username: 'hidden' }],
        ['get_customer_profile', { user_id }],
        ['analyze_customer', { user_id }],
        ['get_customer_preferences', { user_id }],
        ['update_customer_preferences', { user_id, channel: 'sms' }],
        ['get_conversation_messages', { user_id }],
        ['get_conversation_messages', { conversation_id }],
        ['get_conversation_messages', { message_id: messageIds[0] }],
        ['get_consultation_history', { user_id }],
        ['summarize_consultations', { user_id }],
        ['get_task', { task_id }],
        ['list_tasks', { user_id }],
        ['create_task', { user_id, title: 'x' }],
        ['update_task_status', { task_id, status: 'cancelled' }],
        ['get_project_info', { project_id: project.id }],
      ];
      for (const [name, args] of calls) await expect(call(name, args)).rejects.toThrow(NotFoundError);
      const ownUser = await world.newUser(ours);
      const foreignAssignee = { user_id: ownUser.id, title: 'x', assignee_id: user_id };
      await expect(call('create_task', foreignAssignee)).rejects.toThrow(NotFoundError);
      const ownConversation = await world.newConversation(ownUser, 1);
      const foreignPlace = { conversation_id: ownConversation.id, before: messageIds[0] };
      await expect(call('get_conversation_messages', foreignPlace)).rejects.toThrow(NotFoundError);
      expect(await call('get_task', { task_id }, theirs)).toMatchObject({ status: 'open' });
    });
  });
});
