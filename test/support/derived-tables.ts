/** Written by jobs out of the call records, whenever they get to it. */
export const DERIVED_TABLES: readonly string[] = [
  'call_log_chunks',
  'call_log_stats',
  'call_log_checkpoints',
  'call_log_deliveries',
  'call_log_positions',
];
