import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../src/access/caller.js';
import { InvalidInputError } from '../../src/platform/errors.js';
import { Message } from '../../src/crm/message.entity.js';
import { type Answer, CrmWorld, DAY_MS } from '../support/crm-world.js';

describe('the tools about conversations and consultations', () => {
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

  describe('get_conversation_messages', () => {
    it('pages through a conversation from the newest message to the oldest and back', async () => {
      const { id: conversation_id, messageIds } = await world.newConversation(await world.newUser(ours), 5);
      const newest = await call('get_conversation_messages', { conversation_id, limit: 2 });
      expect(newest).toMatchObject({ has_older: true, has_newer: false });
      expect(idsOf(newest)).toEqual(messageIds.slice(3));
      const middle = await call('get_conversation_messages', {
        conversation_id,
        limit: 2,
        before: newest.oldest_message_id,
      });
      expect(idsOf(middle)).toEqual(messageIds.slice(1, 3));
      const oldest = await call('get_conversation_messages', {
        conversation_id,
        limit: 2,
        before: middle.oldest_message_id,
      });
      expect(idsOf(oldest)).toEqual(messageIds.slice(0, 1));
      expect(oldest).toMatchObject({ has_older: false, has_newer: true });
      const back = await call('get_conversation_messages', {
        conversation_id,
        limit: 10,
        after: oldest.newest_message_id,
      });
      expect(idsOf(back)).toEqual(messageIds.slice(1));
      expect(back).toMatchObject({ has_older: true, has_newer: false });
    });

    it('gives the newest messages of a customer over all conversations', async () => {
      const user = await world.newUser(ours);
      await world.newConversation(user, 2);
      await world.newConversation(user, 2);
      const { messages } = await call('get_conversation_messages', { user_id: user.id });
      expect(messages).toHaveLength(4);
      const times = messages.map((message: Answer) => message.created_at);
      expect(times).toEqual(times.toSorted());
      expect(messages[0]).toMatchObject({ sender_kind: 'ai', content: 'message 0', user_id: user.id });
    });

    it.each([
      [2, 3, [1, 2, 3], true],
      [0, 3, [0, 1, 2], true],
      [4, 3, [2, 3, 4], false],
      [2, 9, [0, 1, 2, 3, 4], false],
      [3, 1, [3], true],
    ])('gives what was said around message %i (limit %i)', async (middle, limit, expected, hasNewer) => {
      const { messageIds } = await world.newConversation(await world.newUser(ours), 5);
      const answer = await call('get_conversation_messages', { message_id: messageIds[middle], limit });
      expect(idsOf(answer)).toEqual(expected.map((index) => messageIds[index]));
      expect(answer).toMatchObject({ has_older: expected[0] !== 0, has_newer: hasNewer });
    });

    it.each([
      ['anywhere', 'x'.repeat(10_000), 3000],
      ['before a character that does not fit whole', `${'x'.repeat(2999)}😀${'x'.repeat(50)}`, 2999],
    ])('cuts a very long message and says so: %s', async (_where, content, length) => {
      const { id: conversation_id, messageIds } = await world.newConversation(await world.newUser(ours), 1);
      await world.data.manager.update(Message, { id: messageIds[0] }, { content });
      const { messages } = await call('get_conversation_messages', { conversation_id });
      expect(messages[0]).toMatchObject({ content: content.slice(0, length), content_truncated: true });
    });

    it('wants exactly one id and one direction', async () => {
      const id = uuidv7();
      const wrong = [
        {},
        { user_id: id, conversation_id: id },
        { user_id: id, before: id, after: id },
        { message_id: id, before: id },
        { user_id: 'abc' },
      ];
      for (const args of wrong) {
        await expect(call('get_conversation_messages', args)).rejects.toThrow(InvalidInputError);
      }
    });

    it('refuses a place in another conversation', async () => {
      const user = await world.newUser(ours);
      const { id: conversation_id } = await world.newConversation(user, 1);
      const { messageIds } = await world.newConversation(user, 1);
      await expect(
        call('get_conversation_messages', { conversation_id, before: messageIds[0] }),
      ).rejects.toThrow('is of another conversation');
    });
  });

  describe('consultations', () => {
    it('are listed newest first, with names, page by page', async () => {
      const user = await world.newUser(ours);
      const consultant = await world.newUser(ours, { displayName: 'Anna', roles: ['consultant'] });
      const project = await world.newProject(ours, { name: 'Laser' });
      const startedAt = new Date();
      for (const days of [1, 2, 3]) {
        const about = { consultantId: consultant.id, projectId: project.id, notes: `day ${days}` };
        const at = new Date(startedAt.getTime() - days * DAY_MS);
        await world.newConsultation(user, {
          ...about,
          startedAt: at,
          outcome: days === 1 ? null : 'considering',
        });
      }
      const first = await call('get_consultation_history', { user_id: user.id, limit: 2 });
      expect(first.consultations).toMatchObject([
        {
          notes: 'day 1',
          outcome: null,
          ended_at: null,
          consultant: { display_name: 'Anna' },
          project: { name: 'Laser' },
        },
        { notes: 'day 2', outcome: 'considering' },
      ]);
      const second = await call('get_consultation_history', {
        user_id: user.id,
        limit: 2,
        cursor: first.next_cursor,
      });
      expect(second).toMatchObject({ consultations: [{ notes: 'day 3' }], next_cursor: null });
    });

    it('are summed up with sentences of the notes, word for word', async () => {
      const user = await world.newUser(ours);
      await world.newConsultation(user, {
        startedAt: new Date(),
        outcome: 'considering',
        notes: 'Nice talk. The price is above the budget.',
      });
      await world.newConsultation(user, {
        startedAt: new Date(0),
        outcome: 'considering',
        notes: '对麻药过敏。',
      });
      expect(await call('summarize_consultations', { user_id: user.id })).toMatchObject({
        consultations_read: 2,
        older_ones_left_out: false,
        first_started_at: '1970-01-01T00:00:00.000Z',
        outcomes: [{ value: 'considering', count: 2 }],
        projects: [{ value: 'no project', count: 2 }],
        key_sentences: [{ sentence: 'The price is above the budget.' }, { sentence: '对麻药过敏。' }],
      });
    });

    it('may be none', async () => {
      const { id: user_id } = await world.newUser(ours);
      expect(await call('summarize_consultations', { user_id })).toMatchObject({
        consultations_read: 0,
        last_started_at: null,
        key_sentences: [],
      });
    });
  });
});

function idsOf(answer: Answer): string[] {
  return answer.messages.map((message: Answer) => message.message_id);
}
