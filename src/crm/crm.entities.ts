import { Consultation } from './consultation.entity.js';
import { Conversation } from './conversation.entity.js';
import { CustomerPreferences } from './customer-preferences.entity.js';
import { CustomerProfile } from './customer-profile.entity.js';
import { Message } from './message.entity.js';
import { Project } from './project.entity.js';
import { Task } from './task.entity.js';
import { Treatment } from './treatment.entity.js';

/** Lists the tables that this room owns. */
export const crmEntities = [
  CustomerProfile,
  CustomerPreferences,
  Conversation,
  Message,
  Project,
  Consultation,
  Treatment,
  Task,
] as const;
