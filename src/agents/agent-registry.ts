import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { inTenant } from '../platform/request-scope.js';
import { AgentOrder, AgentOrderStep } from './agent-order.entity.js';
import { AgentVersion } from './agent-version.entity.js';
import { Agent } from './agent.entity.js';
import { rankVersions } from './version-choice.js';

/** A version that may be asked. */
export type Candidate = { readonly agent: Agent; readonly version: AgentVersion };

/**
 * Whom to ask, read from the database for each question: an answer takes seconds, three reads by key take none of note, and a
 * change is so in force on every replica with its commit.
 */
@Injectable()
export class AgentRegistry {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * In the order in which they are to be asked: agent by agent as the purpose's order says, and of each agent the user's version
   * before those that step in for it. Without what is disabled.
   */
  findCandidates(
    tenantId: string,
    of: { readonly purpose: string; readonly user: string },
  ): Promise<Candidate[]> {
    return inTenant(tenantId, async () => {
      const agents = await this.findAgents(tenantId, of.purpose);
      const versions = await this.dataSource
        .getRepository(AgentVersion)
        .findBy({ tenantId, enabled: true, agentId: In(agents.map(({ id }) => id)) });
      return agents.flatMap((agent) => {
        const own = versions.filter(({ agentId }) => agentId === agent.id);
        return rankVersions(own, of.user).map((version) => ({ agent, version }));
      });
    });
  }

  /** The enabled versions of one agent, the user's first, whether or not the agent is enabled. */
  findVersionsFor(tenantId: string, agentId: string, user: string): Promise<AgentVersion[]> {
    return inTenant(tenantId, async () => {
      const versions = this.dataSource.getRepository(AgentVersion);
      return rankVersions(await versions.findBy({ tenantId, agentId, enabled: true }), user);
    });
  }

  private async findAgents(tenantId: string, purpose: string): Promise<Agent[]> {
    const order = await this.dataSource.getRepository(AgentOrder).findOneBy({ tenantId, purpose });
    if (!order) return [];
    const steps = await this.dataSource.getRepository(AgentOrderStep).find({
      where: { tenantId, orderId: order.id },
      relations: { agent: true },
      order: { position: 'ASC' },
    });
    return steps.flatMap(({ agent }) => (agent?.enabled ? [agent] : []));
  }
}
