/** For so long sums by hour are kept; those by day stay. */
export const HOURS_KEPT_DAYS = 400;

/** Apps of a tenant that are told apart in an hour, and in a day. Clients choose their names. */
export const APPS_MAX = 200;
/** What further apps are counted as. */
export const OTHER_APPS = '(other)';
/** What calls are counted as that were refused before there was a tool: clients choose those names, too. */
export const NO_TOOL = '(none)';
