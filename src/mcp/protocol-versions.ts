/** The revisions of MCP up to 2025-11-25, with a handshake, and those after it, where a request stands for itself. */
export type Era = 'modern' | 'legacy';

export const MODERN_VERSION = '2026-07-28';
/** Newest first; the first one is offered to a client that asks for something else. */
export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
/** The last revision with JSON-RPC batches, and what a request without a version header is taken for. */
export const BATCH_VERSION = '2025-03-26';
