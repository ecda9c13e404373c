import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AgentGateway } from '../agents/agent-gateway.js';
import type { AgentAttempt, AgentReply } from '../agents/agent-reply.js';
import { Tenant } from '../access/tenant.entity.js';
import { User } from '../access/user.entity.js';
import { CustomerPreferences } from '../crm/customer-preferences.entity.js';
import { CustomerProfile } from '../crm/customer-profile.entity.js';
import { inTenant } from '../platform/request-scope.js';
import { JobEndedError } from '../jobs/job-context.js';
import type { FallbackReason } from './automation-run.entity.js';
import { AutomationSettings, type AutomationSettingValues } from './automation-settings.js';
import { toLanguage } from './languages.js';
import { fillTemplate } from './welcome-template-text.js';
import { WelcomeTemplates } from './welcome-templates.js';
import { toPlainText, toWelcomeText } from './welcome-text.js';

/** The purpose under which agents are put in order: see docs/agents.md. */
export const WELCOME_PURPOSE = 'welcome';
/** A run whose process died in the asking, or whose time was up in it, twice, does not ask a third time. */
const ASKED_MAX = 2;
const ASK = `WITH asking AS (
    UPDATE automation_runs SET asked = asked + 1 WHERE id = $1 AND asked < ${ASKED_MAX} RETURNING id)
  SELECT id FROM asking`;
const ASKED = `UPDATE automation_runs SET asked = asked - 1 WHERE id = $1 AND asked > 0`;

export type Welcome = {
  readonly text: string;
  readonly by: 'agent' | 'template';
  readonly agentId: string | null;
  readonly agentVersionId: string | null;
  readonly fallbackReason: FallbackReason | null;
  /** What was asked of agents, whether or not one answered. */
  readonly attempts: readonly AgentAttempt[];
  readonly firstTextMs: number | null;
};

type Person = {
  readonly tenantId: string;
  readonly userId: string;
  readonly displayName: string;
  readonly businessName: string;
  readonly tier: string;
  readonly language: string;
};
type Asked = {
  readonly text: string | null;
  readonly reply: AgentReply | null;
  readonly why: FallbackReason;
};

/** Finds the words for a new customer: an agent's, or those of a template. */
@Injectable()
export class WelcomeWriter {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly settings: AutomationSettings,
    private readonly templates: WelcomeTemplates,
    private readonly gateway: AgentGateway,
  ) {}

  /**
   * @returns Null: the tenant's strategy is to say nothing, or the user is gone.
   * @throws What the signal aborted with.
   */
  async write(
    of: { readonly tenantId: string; readonly userId: string; readonly runId: string },
    signal: AbortSignal,
  ): Promise<Welcome | null> {
    const settings = await this.settings.of(of.tenantId);
    if (settings.strategy === 'off') return null;
    const person = await this.findPerson(of, settings);
    if (!person) return null;
    if (settings.strategy === 'template') return this.fromTemplate(person, settings, null);
    const asked = await this.askOnRecord(person, of.runId, signal);
    if (asked.text === null || !asked.reply?.ok) return this.fromTemplate(person, settings, asked);
    const { by, attempts, firstTextMs } = asked.reply;
    return {
      text: asked.text,
      by: 'agent',
      agentId: by.agentId,
      agentVersionId: by.versionId,
      fallbackReason: null,
      attempts,
      firstTextMs,
    };
  }

  /** Stored before it asks and taken back after, so that it is deaths in the asking that count, and no restart or failure elsewhere. */
  private async askOnRecord(person: Person, runId: string, signal: AbortSignal): Promise<Asked> {
    const { tenantId } = person;
    const begun = await this.dataSource.query<unknown[]>(ASK, [runId]);
    if (begun.length === 0) return { text: null, reply: null, why: 'asked_before' };
    try {
      return await this.ask(person, signal);
    } finally {
      // In a unit of work of its own, since nothing more is stored in one whose signal aborted. With the database away it counts.
      if (!isTimedOut(signal))
        await inTenant(tenantId, () => this.dataSource.query(ASKED, [runId])).catch(() => undefined);
    }
  }

  private async ask(person: Person, signal: AbortSignal): Promise<Asked> {
    const { tenantId, userId, language } = person;
    const reply = await this.gateway.ask(
      { tenantId },
      {
        purpose: WELCOME_PURPOSE,
        user: userId,
        query: queryFor(person),
        inputs: {
          user_id: userId,
          display_name: toPlainText(person.displayName),
          business_name: toPlainText(person.businessName),
          tier: person.tier,
        },
        language,
        signal,
      },
    );
    if (reply.ok) return { text: toWelcomeText(reply.text), reply, why: 'unusable' };
    signal.throwIfAborted(); // nobody waits any more; that is no failure of the agent
    return { text: null, reply, why: reply.reason === 'cancelled' ? 'failed' : reply.reason };
  }

  private async fromTemplate(
    { tenantId, language, displayName, businessName }: Person,
    { defaultLanguage }: AutomationSettingValues,
    asked: Asked | null,
  ): Promise<Welcome> {
    const { body } = await this.templates.choose(tenantId, language, defaultLanguage);
    return {
      text: fillTemplate(body, { display_name: displayName, business_name: businessName }),
      by: 'template',
      agentId: null,
      agentVersionId: null,
      fallbackReason: asked?.why ?? null,
      attempts: asked?.reply?.attempts ?? [],
      firstTextMs: null,
    };
  }

  private async findPerson(
    { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
    { defaultLanguage }: AutomationSettingValues,
  ): Promise<Person | null> {
    const { manager } = this.dataSource;
    const user = await manager.findOneBy(User, { id: userId, tenantId });
    const tenant = await manager.findOneBy(Tenant, { id: tenantId });
    if (!user || !tenant) return null;
    const preferences = await manager.findOneBy(CustomerPreferences, { userId, tenantId });
    const profile = await manager.findOneBy(CustomerProfile, { userId, tenantId });
    const said = preferences?.values.language ?? profile?.preferredLanguage ?? '';
    const { displayName, tier } = user;
    const language = toLanguage(said) ?? defaultLanguage;
    return { tenantId, userId, displayName, businessName: tenant.name, tier, language };
  }
}

/** It was a run of the job that took too long, and the next one would not be quicker. */
function isTimedOut({ reason }: AbortSignal): boolean {
  return reason instanceof JobEndedError && reason.ending === 'timed_out';
}

/** Holds nothing that the customer wrote: a name could be an order to the model. The agent finds the rest with its tools. */
function queryFor({ userId, language }: Person): string {
  return (
    `A new customer has just registered; the user_id is ${userId}. Find out what there is to know with your tools, then write the ` +
    `welcome message to this customer in the language ${language}: friendly, personal, a few sentences. ` +
    'Answer with the message alone.'
  );
}
