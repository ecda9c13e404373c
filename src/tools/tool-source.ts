import { DiscoveryService } from '@nestjs/core';
import type { ToolDefinition } from './tool-definition.js';

/**
 * A place of this build that tools come from: `native`. A source says what its tools are and how one is run, no more: who may
 * call it, with what, how often and what is recorded is the executor's, which has no other way in. A provider decorated
 * with {@link ProvidesTools} implements it. Tools that tenants bring are rows instead, run by a `ToolRunner`.
 */
export interface ToolSource {
  readonly kind: string;
  /** @throws {Error} A tool cannot be offered; the message says which and why. */
  definitions(): readonly ToolDefinition[];
}

/** Marks a provider as a {@link ToolSource}, for the registry to find. */
export const ProvidesTools = DiscoveryService.createDecorator();
