import type { StandInApp, StandInDify } from './stand-in-dify.js';
import type { Answer, TestApp, TestTenant } from './test-app.js';

/** The Dify of the tests lies on this machine. */
export const AGENT_ENV = { AGENT_PRIVATE_NETWORKS: 'true' };

export type MadeAgent = { readonly id: string; readonly versionId: string };

let made = 0;

/** An agent whose first version is an app, made over REST. */
export async function newAgent(
  t: TestApp,
  tenant: TestTenant,
  dify: StandInDify,
  app: StandInApp,
): Promise<MadeAgent> {
  const name = `Agent ${(made += 1)}`;
  const body = { name, base_url: dify.url, api_key: app.key, app_id: app.id };
  const { status, body: answer } = await t.rest('POST', '/admin/agents', { token: tenant.adminToken, body });
  if (status !== 201) throw new Error(JSON.stringify(answer));
  const [version] = answer.data['versions'] as { id: string }[];
  return { id: answer.data.id, versionId: version.id };
}

/** Another version of an agent; gives its id. */
export async function newVersion(
  t: TestApp,
  tenant: TestTenant,
  dify: StandInDify,
  { agentId, app, weight }: { agentId: string; app: StandInApp; weight: number },
): Promise<string> {
  const body = { label: `v-${(made += 1)}`, base_url: dify.url, api_key: app.key, weight };
  const path = `/admin/agents/${agentId}/versions`;
  const answer = await t.rest('POST', path, { token: tenant.adminToken, body });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.data.id;
}

export function newOrder(
  t: TestApp,
  tenant: TestTenant,
  purpose: string,
  agents: readonly MadeAgent[],
): Promise<Answer> {
  const body = { purpose, agent_ids: agents.map(({ id }) => id) };
  return t.rest('POST', '/admin/agent-orders', { token: tenant.adminToken, body });
}
