import { z } from 'zod';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const text = z.string('must be a text');
const base64 = text.refine((data) => data.length % 4 === 0 && BASE64.test(data), 'must be Base64');
const meta = z.record(z.string(), z.unknown(), 'must be an object').optional();
const annotations = z
  .looseObject({
    audience: z.array(z.enum(['user', 'assistant'])).optional(),
    priority: z.number().min(0).max(1).optional(),
    lastModified: z.iso.datetime({ offset: true }).optional(),
  })
  .optional();
const every = { annotations, _meta: meta };
const media = { data: base64, mimeType: text, ...every };
const contents = { uri: text, mimeType: text.optional(), _meta: meta };
const icons = z
  .array(z.looseObject({ src: text, mimeType: text.optional(), sizes: z.array(text).optional() }))
  .optional();

/** The blocks that a result may have, each with the fields without which clients refuse the whole answer. */
const contentBlockSchema = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text'), text, ...every }),
    z.looseObject({ type: z.literal('image'), ...media }),
    z.looseObject({ type: z.literal('audio'), ...media }),
    z.looseObject({
      type: z.literal('resource'),
      resource: z.union(
        [z.looseObject({ ...contents, text }), z.looseObject({ ...contents, blob: base64 })],
        'must have uri and text or blob',
      ),
      ...every,
    }),
    z.looseObject({
      type: z.literal('resource_link'),
      uri: text,
      name: text,
      title: text.optional(),
      description: text.optional(),
      mimeType: text.optional(),
      size: z.number().optional(),
      icons,
      ...every,
    }),
  ],
  { error: 'must be text, image, audio, resource or resource_link' },
);

/** Types of the blocks that MCP has. */
export const BLOCK_TYPES: ReadonlySet<unknown> = new Set([
  'text',
  'image',
  'audio',
  'resource',
  'resource_link',
]);

/** What is wrong with a block, as the end of a sentence, without what is in it; null: nothing. */
export function findBlockFault(block: unknown): string | null {
  const issue = contentBlockSchema.safeParse(block).error?.issues[0];
  if (!issue) return null;
  return `${issue.path.length > 0 ? `its ${issue.path.join('.')} ` : ''}${issue.message}`;
}
