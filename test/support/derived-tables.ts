/** Written out of the call records, or of what the process measures, whenever it gets to it. */
export const DERIVED_TABLES: readonly string[] = [
  'clock_mark', // moves with time whenever it is looked at
  'automation_troubles', // looked at once a minute
  'call_log_chunks',
  'call_log_stats',
  'call_log_checkpoints',
  'call_log_deliveries',
  'call_log_positions',
  'replica_resources',
];
