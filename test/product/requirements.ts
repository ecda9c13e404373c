/*
 * The names that the requirement document gives, section by section, as the running service has them. `requirements.e2e-spec.ts`
 * holds each of them against it. Names of ours may stand beside them; none of these may go.
 */

type Row = readonly [section: string, name: string];
type RowWith = readonly [section: string, name: string, has: string];

/** Routes, below `/api/v1`. */
export const ROUTES: readonly Row[] = [
  ['4.1.3', 'POST /auth/register'],
  ['4.1.1', 'POST /plan-generation'],
  ['5.3.1', 'GET /admin/groups'],
  ['5.3.1', 'POST /admin/groups'],
  ['5.3.1', 'GET /admin/groups/{id}/api-key'],
  ['5.3.1', 'POST /admin/groups/{id}/regenerate-key'],
  ['5.3.1', 'GET /admin/tools'],
  ['5.3.1', 'PUT /admin/tools/{tool_id}'],
  ['4.3.4', 'GET /registration-automation/metrics'],
  ['6.1', 'GET /admin/registration-automation/dashboard'],
];

/** Tables and their columns. */
export const TABLES: readonly RowWith[] = [
  ['5.1', 'users', 'id username email phone roles avatar_url'],
  ['5.1', 'conversations', 'id user_id ai_enabled'],
  ['5.1', 'messages', 'id conversation_id content'],
  ['5.2.1', 'mcp_tool_groups', 'id name description enabled created_by created_at updated_at'],
  ['3.2.2', 'mcp_tool_groups', 'server_code user_tier_access allowed_roles'],
  ['5.2.2', 'mcp_tools', 'id tool_name group_id version description enabled timeout_seconds config_data'],
  ['5.2.2', 'mcp_tools', 'created_at updated_at'],
  ['5.2.3', 'mcp_call_logs', 'id tool_name group_id caller_app_id request_data response_data success'],
  ['5.2.3', 'mcp_call_logs', 'error_message duration_ms created_at'],
];

/** What a GET gives, or the POST that is said: dots lead into objects, `[]` into the first of a list. */
export const ANSWERS: readonly RowWith[] = [
  ['5.3.1', 'GET /admin/groups', 'success message data[].id data[].name data[].description'],
  ['3.2.2', 'GET /admin/groups', 'data[].server_code data[].user_tier_access data[].allowed_roles'],
  ['3.2.2', 'GET /admin/groups', 'data[].enabled data[].created_by data[].created_at data[].updated_at'],
  ['5.3.1', 'POST /admin/groups', 'success message data.id data.name data.api_key'],
  ['5.3.1', 'GET /admin/groups/{group}/api-key', 'success message data.api_key'],
  ['5.3.1', 'POST /admin/groups/{group}/regenerate-key', 'success message data.api_key'],
  [
    '5.3.1',
    'GET /admin/tools?group_id={group}',
    'success message data[].id data[].tool_name data[].group_id',
  ],
  ['3.2.2', 'GET /admin/tools?group_id={group}', 'data[].version data[].description data[].enabled'],
  ['3.2.2', 'GET /admin/tools?group_id={group}', 'data[].timeout_seconds data[].config_data'],
  [
    '4.3.4',
    'GET /registration-automation/metrics',
    'data.mcp_metrics.total_calls data.mcp_metrics.tool_calls data.mcp_metrics.error_rates data.mcp_metrics.success_rate ' +
      'data.dify_agent_status data.automation_success_rate data.daily_registrations data.welcome_message_stats',
  ],
  [
    '6.1',
    'GET /admin/registration-automation/dashboard',
    'data.automation_metrics.success_rate data.automation_metrics.total_automations data.automation_metrics.mcp_call_count ' +
      'data.automation_metrics.dify_call_count data.automation_metrics.average_response_time ' +
      'data.automation_metrics.daily_trends data.mcp_server_status data.dify_agent_status data.recent_errors ' +
      'data.system_health.mcp_response_time data.system_health.dify_response_time data.system_health.database_status',
  ],
];

/** Steps that metrics tell apart. */
export const STEPS: readonly Row[] = [
  ['6.1', 'conversation_created'],
  ['6.1', 'mcp_called'],
  ['6.1', 'dify_triggered'],
  ['6.1', 'welcome_sent'],
  ['6.1', 'consultants_notified'],
];

type ToolRow = readonly [
  section: string,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  gives: string,
];

/** Tools, with arguments by the names of the document, and what they give. `{customer}` is the id of one, `{task}` that of a task. */
export const TOOLS: readonly ToolRow[] = [
  ['4.3.1', 'get_user_profile', { user_id: '{customer}' }, 'user_id username roles is_active'],
  ['4.3.1', 'get_user_profile', { user_id: '{customer}' }, 'registration_time details_included email'],
  ['4.3.1', 'get_user_profile', { user_id: '{customer}', include_details: true }, 'phone avatar'],
  ['4.3.3', 'get_conversation_data', { user_id: '{customer}' }, 'messages'],
  ['2.1 R004', 'get_task', { user_id: '{customer}', task_id: '{task}' }, 'task_id user_id status'],
  ['2.1 R004', 'create_task', { user_id: '{customer}', title: 'Call back' }, 'task_id status'],
  [
    '2.1 R004',
    'update_task_status',
    { user_id: '{customer}', task_id: '{task}', status: 'in_progress' },
    'status',
  ],
  ['2.1 R001', 'get_user_profile', { username: '{username}' }, 'user_id username'],
  ['2.1 R002', 'get_customer_profile', { username: '{username}' }, 'user_id username'],
  [
    '4.3.2',
    'analyze_customer',
    { user_id: '{customer}' },
    'customer_segment behavior_pattern engagement_level',
  ],
  ['4.3.2', 'analyze_customer', { user_id: '{customer}' }, 'recommendations analysis_type'],
  [
    '4.3.2',
    'analyze_customer',
    { user_id: '{customer}', analysis_type: 'detailed' },
    'risk_profile lifetime_value_prediction churn_probability',
  ],
  [
    '4.3.2',
    'analyze_customer',
    { user_id: '{customer}', analysis_type: 'predictive' },
    'next_best_action optimal_contact_time personalization_strategy',
  ],
];

/** Names that a tool is called by as well as its own, under which it is listed. */
export const ALIASES: Readonly<Record<string, string>> = {
  get_conversation_data: 'get_conversation_messages',
};

/** Members of the event at `/ws` that tells consultants of a new customer. */
export const NOTICE: readonly Row[] = [
  ['4.4.1', 'type'],
  ['4.4.1', 'title'],
  ['4.4.1', 'message'],
  ['4.4.1', 'customer_id'],
  ['4.4.1', 'conversation_id'],
  ['4.4.1', 'timestamp'],
  ['4.4.1', 'action'],
];
