import { STEP_EVENTS } from '../automation-step.entity.js';
import { VERSION } from '../../platform/version.js';
import type { AgentNumbersDto } from './agent-numbers.dto.js';
import { rate } from './figures.js';
import type { DashboardDto, MetricsDto } from './numbers.dto.js';
import { type AgentStatusDto, RECENT_ERRORS_MAX, type StepMetricsDto } from './panel.dto.js';

type PanelMetric =
  | 'mcp_metrics'
  | 'dify_agent_status'
  | 'automation_success_rate'
  | 'daily_registrations'
  | 'welcome_message_stats'
  | 'automation_steps';
type PanelPart = 'automation_metrics' | 'mcp_server_status' | 'recent_errors' | 'system_health';
export type Metrics = Omit<MetricsDto, PanelMetric>;

/** Names the metrics as administrators' panels of earlier installations look for them; nothing new is counted. */
export function panelMetricsOf(metrics: Metrics): Pick<MetricsDto, PanelMetric> {
  const { mcp, agents, runs, by_day, fallback } = metrics;
  const ofTools = (pick: (tool: (typeof mcp.tools)[number]) => number) =>
    Object.fromEntries(mcp.tools.map((numbers) => [numbers.tool, pick(numbers)]));
  return {
    mcp_metrics: {
      total_calls: mcp.calls,
      tool_calls: ofTools(({ calls }) => calls),
      error_rates: ofTools(({ error_rate }) => error_rate ?? 0),
      success_rate: rate(mcp.calls - mcp.errors, mcp.calls),
    },
    dify_agent_status: statusOf(agents),
    automation_success_rate: runs.success_rate,
    daily_registrations: by_day.map(({ date, registrations }) => ({ date, registrations })),
    welcome_message_stats: {
      sent: runs.welcomed_by_agent + runs.welcomed_by_template,
      by_agent: runs.welcomed_by_agent,
      by_template: runs.welcomed_by_template,
      fallback_rate: fallback.rate,
    },
    automation_steps: stepsOf(metrics),
  };
}

/** The same of the dashboard. */
export function panelPartsOf(dashboard: Omit<DashboardDto, PanelPart>): Pick<DashboardDto, PanelPart> {
  const { runs, mcp, agents, by_day, errors, system } = dashboard;
  return {
    automation_metrics: {
      success_rate: runs.success_rate,
      total_automations: runs.done + runs.failed,
      mcp_call_count: mcp.calls,
      dify_call_count: agents.requests,
      average_response_time: runs.average_ms,
      daily_trends: by_day,
    },
    mcp_server_status: {
      status: 'running',
      version: VERSION,
      replicas: system.replicas.length,
      availability: mcp.quick_ok_rate,
    },
    recent_errors: errors.slice(0, RECENT_ERRORS_MAX),
    system_health: {
      mcp_response_time: mcp.average_ms,
      dify_response_time: agents.average_ms,
      database_status: 'healthy',
    },
  };
}

function statusOf({ versions }: AgentNumbersDto): AgentStatusDto {
  const enabled = versions.filter((version) => version.enabled);
  const circuits = enabled.map(({ circuit }) => circuit ?? 'closed');
  const agents = enabled.map(({ agent_name: name, version_label: version, last_answer_at }, at) => ({
    name,
    version,
    circuit: circuits[at],
    last_answer_at,
  }));
  if (agents.length === 0) return { status: 'not_configured', agents };
  if (circuits.every((circuit) => circuit === 'closed')) return { status: 'available', agents };
  return { status: circuits.every((circuit) => circuit === 'open') ? 'unavailable' : 'degraded', agents };
}

/** A run has no step for what an agent calls while it writes, nor one for the asking alone: those are counted where they happen. */
function stepsOf({ steps, mcp, agents }: Metrics): StepMetricsDto[] {
  const ofRun = (own: 'conversation' | 'message' | 'consultants'): StepMetricsDto => {
    const { done, failed, success_rate, average_ms } = steps.find(({ name }) => name === own)!;
    return {
      step: STEP_EVENTS[own],
      total: done + failed,
      succeeded: done,
      success_rate,
      average_duration_ms: average_ms,
    };
  };
  return [
    ofRun('conversation'),
    {
      step: 'mcp_called',
      total: mcp.calls,
      succeeded: mcp.calls - mcp.errors,
      success_rate: rate(mcp.calls - mcp.errors, mcp.calls),
      average_duration_ms: mcp.average_ms,
    },
    {
      step: 'dify_triggered',
      total: agents.questions,
      succeeded: agents.answered,
      success_rate: agents.answer_rate,
      average_duration_ms: agents.average_ms,
    },
    ofRun('message'),
    ofRun('consultants'),
  ];
}
