import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  customerIdField,
  customerId,
  FIND_USER,
  optionalText,
  optionalUuid,
  userRef,
  wrongField,
} from '../../crm/tool-arguments.js';
import { McpTool, type ToolContext } from '../../tools/mcp-tool.decorator.js';
import { planOut } from './plan-views.js';
import { givenWishes, wholeWishes } from './plan-wishes.js';
import { BUDGET_MAX_CENTS, type OptimizePlanDto, TEXT_MAX, TEXTS_MAX } from './plans.dto.js';
import { PlansService, type PlanWithRevision } from './plans.service.js';

const texts = (what: string, item: string) =>
  z.array(z.string().max(TEXT_MAX).describe(item)).max(TEXTS_MAX).optional().describe(what);
const day = (what: string) =>
  z.string().optional().describe(`${what}: a day as in 2026-09-01. Leave out when nobody said.`);

const wishFields = {
  goals: texts(
    `What the customer wants, in their own words, at most ${TEXTS_MAX} entries; beside what is on file.`,
    'One wish, e.g. lighter pigment spots',
  ),
  budget_max_cents: z
    .string()
    .optional()
    .describe(
      'The most that it may cost, in whole cents, e.g. 500000. Leave out to take the budget on file.',
    ),
  start_on: day('The first session not before'),
  finish_by: day('The last session at the latest on'),
  health_conditions: texts(
    'Health conditions that the customer told and that are not on file, e.g. pregnancy.',
    'One condition in a few words',
  ),
  without_services: texts(
    'Services that the customer does not want: codes or ids of the catalogue.',
    'A code or id, e.g. hydra-facial',
  ),
};
const generateInput = z.object({ user_id: customerIdField, ...wishFields });
const optimizeInput = z.object({
  plan_id: z
    .string()
    .optional()
    .describe("Id of the plan: a UUID. Give this, or user_id for the customer's newest plan."),
  user_id: z.string().optional().describe('Id of the customer: a UUID. Used when plan_id is not given.'),
  ...wishFields,
});
const annotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true,
};
/** Longer than an agent may be asked. */
const TIMEOUT_SECONDS = 60;

/** Tools that propose treatment plans. A consultant decides: no tool approves one. */
@Injectable()
export class PlansTools {
  constructor(private readonly plans: PlansService) {}

  @McpTool({
    name: 'generate_treatment_plan',
    title: 'Propose a treatment plan',
    description:
      'Proposes a treatment plan for a customer (为客户生成治疗方案) from the file, the wishes and the service catalogue: services, ' +
      'days of the sessions, price range. Every line names the rows it rests on and what must be asked first; what is ' +
      'contraindicated, too dear or too close in time is left out, and derivation says why. A consultant must approve it ' +
      'before anybody acts on it: say so, and add no medical claim of your own. Every call makes another plan.',
    category: 'treatment',
    version: '1.0.0',
    input: generateInput,
    timeoutSeconds: TIMEOUT_SECONDS,
    annotations,
  })
  async generateTreatmentPlan(args: z.output<typeof generateInput>, ctx: ToolContext) {
    const ref = { id: customerId(args.user_id) };
    return toolView(await this.plans.generate(ctx.caller, ref, wholeWishes(wishesOf(args)), ctx.signal));
  }

  @McpTool({
    name: 'optimize_treatment_plan',
    title: 'Improve a treatment plan',
    description:
      'Makes a treatment plan fit another budget, another time or further wishes (按预算、时间和客户意愿优化治疗方案): another revision ' +
      'of it with what changed and why. What you leave out stays as it was; goals, health_conditions and without_services come on ' +
      'top of what was said before. A revision that was approved stays in force until a consultant approves the new one.',
    category: 'treatment',
    version: '1.0.0',
    input: optimizeInput,
    timeoutSeconds: TIMEOUT_SECONDS,
    annotations,
  })
  async optimizeTreatmentPlan(args: z.output<typeof optimizeInput>, ctx: ToolContext) {
    const planId =
      optionalUuid('plan_id', args.plan_id, 'Give user_id instead when you do not know it') ??
      (await this.plans.newestOf(ctx.caller, ownerOf(args.user_id)));
    const made = await this.plans.optimize(ctx.caller, planId, givenWishes(wishesOf(args)), {
      signal: ctx.signal,
    });
    return { ...toolView(made), changed: made.isChanged };
  }
}

function ownerOf(userId: string | undefined) {
  if (optionalText(userId) === undefined) throw wrongField('plan_id', 'Give plan_id or user_id', FIND_USER);
  return userRef({ user_id: userId });
}

type WishArguments = Omit<z.output<typeof generateInput>, 'user_id'>;

function wishesOf(args: WishArguments): OptimizePlanDto {
  const { goals, health_conditions, without_services } = args;
  return {
    goals,
    health_conditions,
    without_services,
    budget_max_cents: cents(args.budget_max_cents),
    start_on: optionalText(args.start_on),
    finish_by: optionalText(args.finish_by),
  };
}

/** 0 is what a model gives when nobody spoke of money. */
function cents(value: string | undefined): number | undefined {
  const text = optionalText(value);
  if (text === undefined || text === '0') return undefined;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (number > 0 && number <= BUDGET_MAX_CENTS) return number;
  throw wrongField(
    'budget_max_cents',
    `budget_max_cents must be whole cents up to ${BUDGET_MAX_CENTS}, e.g. 500000`,
  );
}

function toolView(made: PlanWithRevision) {
  const { id: plan_id, customer_id: user_id, content, ...plan } = planOut(made);
  const { number: _number, created_at: _at, created_by: _by, ...said } = content;
  return { plan_id, user_id, ...plan, ...said, needs_approval: plan.state === 'proposed' };
}
