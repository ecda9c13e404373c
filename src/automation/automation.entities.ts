import { AgentCall } from './agent-call.entity.js';
import { AutomationRun } from './automation-run.entity.js';
import { AutomationSetting } from './automation-setting.entity.js';
import { AutomationStep } from './automation-step.entity.js';
import { AutomationTrouble } from './troubles/automation-trouble.entity.js';
import { WelcomeTemplate } from './welcome-template.entity.js';

/** Lists the tables that this room owns. */
export const automationEntities = [
  AgentCall,
  AutomationRun,
  AutomationSetting,
  AutomationStep,
  AutomationTrouble,
  WelcomeTemplate,
] as const;
