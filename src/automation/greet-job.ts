/** Kind of the job that greets; its retry plan is the runs'. */
export const GREET_JOB = 'automation.greet';
export const GIVE_UP_JOB = 'automation.give_up';
