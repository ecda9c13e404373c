import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { ActivityService } from './activity.service.js';
import { contactTimeOf } from './contact-time.js';
import {
  behaviorPatternOf,
  churnProbabilityOf,
  type CustomerActivity,
  engagementLevelOf,
  engagementScoreOf,
  lifetimeValueOf,
  type Money,
  riskProfileOf,
  segmentOf,
  strategyOf,
} from './customer-analysis.js';
import { isTimezone } from './preference-keys.js';
import { constraintsOf, recommendationsFor } from './recommendations.js';
import { customerId, customerIdField, requiredChoice } from './tool-arguments.js';

const ANALYSIS_TYPES = ['basic', 'detailed', 'predictive'] as const;

const input = z.object({
  user_id: customerIdField,
  analysis_type: z
    .string()
    .default('basic')
    .describe(
      'How much to compute. Allowed: basic (segment, behaviour, engagement, recommendations), detailed (adds risk, ' +
        'lifetime value and churn probability), predictive (adds next best action, best contact time, strategy). Default: basic.',
    ),
});

const config = z.object({
  timezone: z
    .string()
    .refine(isTimezone, 'must be an IANA time zone, e.g. Asia/Shanghai')
    .default('UTC')
    .describe('IANA time zone for the best contact time of customers who stated none. Default: UTC.'),
});

/** The tool that computes a picture of a customer from the customer's own rows. */
@Injectable()
export class AnalysisTools {
  constructor(private readonly activities: ActivityService) {}

  @McpTool({
    name: 'analyze_customer',
    title: 'Analyse a customer',
    description:
      "A picture of one customer, computed by fixed formulas from the customer's own messages, consultations, treatments " +
      'and tasks: segment, behaviour pattern, engagement, recommendations; more with analysis_type detailed or predictive. ' +
      'What the records cannot tell is null with a reason: do not guess it.',
    category: 'customer',
    version: '1.0.0',
    input,
    config,
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async analyzeCustomer(args: z.output<typeof input>, ctx: ToolContext<z.output<typeof config>>) {
    const type = requiredChoice('analysis_type', args.analysis_type.trim() || 'basic', ANALYSIS_TYPES);
    const userId = customerId(args.user_id);
    const activity = await this.activities.getActivity(ctx.caller, userId, new Date());
    return {
      user_id: userId,
      analysis_type: type,
      as_of: activity.asOf.toISOString(),
      ...basicOf(activity),
      ...(type !== 'basic' && detailsOf(activity)),
      ...(type === 'predictive' && predictionsOf(activity, ctx.config.timezone)),
    };
  }
}

function basicOf(activity: CustomerActivity) {
  const engagementScore = engagementScoreOf(activity);
  return {
    customer_segment: segmentOf(activity),
    behavior_pattern: behaviorPatternOf(activity),
    engagement_level: engagementLevelOf(engagementScore),
    engagement_score: engagementScore,
    recommendations: recommendationsFor(activity),
    constraints: constraintsOf(activity),
    computed_from: {
      treatments: activity.treatments.length,
      consultations: activity.consultations.length,
      customer_messages: activity.customerMessagesAt.length,
      open_tasks: activity.openTasks,
    },
  };
}

function detailsOf(activity: CustomerActivity) {
  const value = lifetimeValueOf(activity);
  const churn = churnProbabilityOf(activity);
  return {
    risk_profile: riskProfileOf(activity),
    lifetime_value: {
      treatments: value.treatments,
      paid_to_date: value.paidToDate.map(moneyOut),
      projected_next_365_days: value.projectedNext365Days?.map(moneyOut) ?? null,
      reason: value.reason,
    },
    lifetime_value_prediction: value.projectedNext365Days?.map(inWords).join(', ') ?? null,
    churn_probability: churn.value,
    churn_reason: churn.reason,
  };
}

function predictionsOf(activity: CustomerActivity, timezone: string) {
  const contactTime = contactTimeOf(activity, timezone);
  return {
    next_best_action: recommendationsFor(activity)[0] ?? null,
    best_contact_time: contactTime,
    optimal_contact_time: contactTime.value,
    personalization_strategy: strategyOf(segmentOf(activity), riskProfileOf(activity)),
  };
}

/** The pace of payment, carried on for a year. */
function inWords({ currency, amountCents }: Money): string {
  return `${currency} ${(amountCents / 100).toFixed(2)} in the next 365 days`;
}

function moneyOut({ currency, amountCents }: Money) {
  return { currency, amount_cents: amountCents };
}
