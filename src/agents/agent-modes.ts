/** Kinds of Dify app that can be asked, as `GET /v1/info` names them. `agent` is Dify's new agent, `agent-chat` its older one. */
export const AGENT_MODES = [
  'chat',
  'agent-chat',
  'advanced-chat',
  'agent',
  'workflow',
  'completion',
] as const;
export type AgentMode = (typeof AGENT_MODES)[number];

/** Where a mode is asked, and where a running answer is stopped; relative to the base URL. */
export type ModePaths = { readonly ask: string; readonly stop: (taskId: string) => string };

const CHAT: ModePaths = {
  ask: 'chat-messages',
  stop: (taskId) => `chat-messages/${taskId}/stop`,
};

export const MODE_PATHS: Readonly<Record<AgentMode, ModePaths>> = {
  chat: CHAT,
  'agent-chat': CHAT,
  'advanced-chat': CHAT,
  agent: CHAT,
  workflow: { ask: 'workflows/run', stop: (taskId) => `workflows/tasks/${taskId}/stop` },
  completion: { ask: 'completion-messages', stop: (taskId) => `completion-messages/${taskId}/stop` },
};

/** These have no place for a question of their own: it is the input variable `query`. */
export function takesQueryAsInput(mode: AgentMode): boolean {
  return mode === 'workflow' || mode === 'completion';
}

export function isAgentMode(text: unknown): text is AgentMode {
  return AGENT_MODES.includes(text as AgentMode);
}
