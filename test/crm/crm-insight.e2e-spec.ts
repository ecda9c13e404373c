import type { Caller } from '../../src/access/caller.js';
import { InvalidInputError } from '../../src/platform/errors.js';
import { type Answer, CrmWorld, DAY_MS } from '../support/crm-world.js';

describe('the tools that know a customer', () => {
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

  describe('analyze_customer', () => {
    it('computes from the rows, and says unknown where they do not tell', async () => {
      const user = await world.newUser(ours);
      await world.newConversation(user, 6);
      const basic = await call('analyze_customer', { user_id: user.id });
      expect(basic).toMatchObject({
        analysis_type: 'basic',
        customer_segment: 'prospect',
        behavior_pattern: 'asking',
        engagement_score: 6, // 3 messages of the customer × 2
        engagement_level: 'low',
        computed_from: { treatments: 0, consultations: 0, customer_messages: 3, open_tasks: 0 },
      });
      expect(basic).not.toHaveProperty('risk_profile');
      const predictive = await call('analyze_customer', { user_id: user.id, analysis_type: 'predictive' });
      expect(predictive).toMatchObject({
        risk_profile: { level: 'low' },
        lifetime_value: { treatments: 0, paid_to_date: [], projected_next_365_days: null },
        next_best_action: { action: 'Invite to a first consultation' },
        best_contact_time: { value: null },
        churn_probability: null,
        churn_reason: 'unknown: needs 3 treatments, there are 0',
      });
    });

    it('reads treatments, consultations, tasks and preferences', async () => {
      const user = await world.newUser(ours);
      const project = await world.newProject(ours);
      for (const days of [150, 250, 350]) {
        const performedAt = new Date(Date.now() - days * DAY_MS);
        await world.newTreatment(user, { projectId: project.id, amountPaidCents: 70_000, performedAt });
      }
      await world.newConsultation(user, {
        startedAt: new Date(Date.now() - 10 * DAY_MS),
        outcome: 'no_show',
      });
      await call('create_task', { user_id: user.id, title: 'Late', due_at: '2020-01-01T00:00:00Z' });
      await call('update_customer_preferences', { user_id: user.id, contact_hours: '18:00-21:00' });
      expect(await call('analyze_customer', { user_id: user.id, analysis_type: 'predictive' })).toMatchObject(
        {
          customer_segment: 'loyal',
          risk_profile: { level: 'medium', points: 1, reasons: ['1 overdue task(s) of ours'] },
          lifetime_value: {
            treatments: 3,
            paid_to_date: [{ currency: 'CNY', amount_cents: 210_000 }],
            projected_next_365_days: [{ currency: 'CNY', amount_cents: 219_000 }], // 210,000 × 365 ÷ 350
          },
          next_best_action: { action: 'Finish our overdue tasks for this customer', because: '1 overdue' },
          best_contact_time: { value: '18:00-21:00', timezone: 'UTC' },
          churn_probability: 0.25, // (150 − 100) ÷ 200
        },
      );
    });

    it('knows three types; blank is basic', async () => {
      const user = await world.newUser(ours);
      expect(await call('analyze_customer', { user_id: user.id, analysis_type: '' })).toMatchObject({
        analysis_type: 'basic',
      });
      await expect(call('analyze_customer', { user_id: user.id, analysis_type: 'magic' })).rejects.toThrow(
        "analysis_type must be one of basic, detailed, predictive; got 'magic'",
      );
    });
  });

  describe('customer preferences', () => {
    it('change key by key', async () => {
      const { id: user_id } = await world.newUser(ours);
      expect(await call('get_customer_preferences', { user_id })).toMatchObject({
        preferences: {},
        updated_at: null,
      });
      await call('update_customer_preferences', { user_id, channel: 'wechat', marketing_consent: 'refused' });
      const changed = await call('update_customer_preferences', {
        user_id,
        channel: '',
        language: 'zh-CN',
        treatment_interests: ['lips'],
        clear: ['marketing_consent'],
      });
      const expected = { channel: 'wechat', language: 'zh-CN', treatment_interests: ['lips'] };
      expect(changed.preferences).toEqual(expected);
      const read = await call('get_customer_preferences', { user_id });
      expect(read.preferences).toEqual(expected);
      expect(read.unknown).toContain('marketing_consent');
      expect(read.updated_at).toBe(changed.updated_at);
    });

    it('lose nothing when two agents change different keys at once', async () => {
      const { id: user_id } = await world.newUser(ours);
      await Promise.all([
        call('update_customer_preferences', { user_id, channel: 'sms' }),
        call('update_customer_preferences', { user_id, language: 'en-US' }),
        call('update_customer_preferences', { user_id, notes: 'early riser' }),
      ]);
      const { preferences } = await call('get_customer_preferences', { user_id });
      expect(preferences).toEqual({ channel: 'sms', language: 'en-US', notes: 'early riser' });
    });

    it('refuse wrong values, unknown keys and no change at all, and keep what was there', async () => {
      const { id: user_id } = await world.newUser(ours);
      await call('update_customer_preferences', { user_id, channel: 'sms' });
      const wrong = { user_id, channel: 'fax', contact_hours: 'evenings' };
      await expect(call('update_customer_preferences', wrong)).rejects.toThrow(
        /channel must be one of wechat.*contact_hours must look like/,
      );
      await expect(call('update_customer_preferences', { user_id })).rejects.toThrow('Nothing to change');
      await expect(call('update_customer_preferences', { user_id, clear: ['shoes'] })).rejects.toThrow(
        InvalidInputError,
      );
      expect((await call('get_customer_preferences', { user_id })).preferences).toEqual({ channel: 'sms' });
    });
  });
});
