import { Consultation } from './consultation.entity.js';
import { Conversation } from './conversation.entity.js';
import { CustomerPreferences } from './customer-preferences.entity.js';
import { CustomerProfile } from './customer-profile.entity.js';
import { Message } from './message.entity.js';
import { Project } from './project.entity.js';
import { Task } from './task.entity.js';
import { Treatment } from './treatment.entity.js';

/** Every table of the business system, for the data source. Customers and consultants are rows of `users`. */
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
