import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { callerName } from '../../access/caller.js';
import { McpTool, type ToolContext } from '../mcp-tool.decorator.js';
import { ToolContent } from '../tool-result.js';
import { ResultStore } from './result-store.js';

/** A group whose admin adds this tool keeps what its other tools' results lose when they are cut. */
export const READ_RESULT = 'read_result';
/** Room for what a part, or the beginning of a result, is told about itself, and for the message around it. */
export const NOTE_BYTES = 896;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES = 65_536;

const input = z.object({
  handle: z.string().min(1).max(100).describe('As the note at the end of the result that was cut gives it'),
  offset: z.int().min(0).default(0).describe('First byte to read; the note gives the next one'),
  limit: z
    .int()
    .min(0)
    .max(1_048_576)
    .refine((limit) => limit === 0 || limit >= PAGE_BYTES_MIN, `must be at least ${PAGE_BYTES_MIN}`)
    .transform((limit) => (limit === 0 ? PAGE_BYTES : limit)) // a number that a model was made to give is often 0
    .default(PAGE_BYTES)
    .describe(
      `Bytes to read: ${PAGE_BYTES_MIN} to 1048576; less when the group allows less. Default (and for 0): ${PAGE_BYTES}.`,
    ),
});

/** Paging through results that were too long. */
@Injectable()
export class ReadResultTools {
  constructor(private readonly store: ResultStore) {}

  @McpTool({
    name: READ_RESULT,
    title: 'Read on in a long result',
    category: 'results',
    version: '1.0.0',
    description:
      'Reads on in the result of another tool that was too long and was cut. Use it only with a handle from such a result.',
    input,
    scope: 'own', // it gives back what the same caller was to have
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  })
  async readResult(args: z.output<typeof input>, context: ToolContext): Promise<ToolContent> {
    const { caller, groupId, resultMaxBytes } = context;
    const owner = { tenantId: caller.tenantId, groupId, caller: callerName(caller) };
    const maxJsonBytes = resultMaxBytes - NOTE_BYTES;
    const wanted = { handle: args.handle, offset: args.offset, maxBytes: args.limit, maxJsonBytes };
    // What was given yesterday is not shown to who may not have it today.
    const part = await this.store.read(owner, wanted, (toolName) => context.mayCall?.(toolName) === true);
    const { offset, nextOffset, totalBytes, text } = part;
    const rest = nextOffset < totalBytes ? `Read on at offset ${nextOffset}.` : 'That is the end.';
    const note = `[Bytes ${offset} to ${nextOffset} of ${totalBytes}. ${rest}]`;
    return new ToolContent([
      { type: 'text', text },
      { type: 'text', text: note },
    ]);
  }
}
