import { JobAttempt } from './job-attempt.entity.js';
import { JobSchedule } from './job-schedule.entity.js';
import { JobSetting } from './job-setting.entity.js';
import { JobStep } from './job-step.entity.js';
import { JobTurn } from './job-turn.entity.js';
import { Job } from './job.entity.js';

/** Lists the tables that this room owns. */
export const jobsEntities = [JobAttempt, JobSchedule, JobSetting, JobStep, JobTurn, Job] as const;
