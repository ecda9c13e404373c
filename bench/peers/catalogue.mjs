// The same tools for every server: `echo`, and others to make tools/list long. Schemas are made with the caller's own zod.

export const echo = (z) => ({
  name: 'echo',
  description: 'Returns the message it is given.',
  shape: { message: z.string().describe('The message to return') },
});

/** @param count How many there are, beside `echo`. */
export function fillers(z, count) {
  const shape = {
    query: z.string().describe('What to search for, in the query language of the collection'),
    fields: z.array(z.string()).optional().describe('The fields to return; all when absent'),
    limit: z.number().int().min(1).max(500).default(50).describe('The most rows to return'),
    order: z.enum(['relevance', 'newest', 'oldest']).default('relevance').describe('The order of the rows'),
  };
  return Array.from({ length: count }, (_, index) => ({
    name: `search_collection_${String(index + 1).padStart(4, '0')}`,
    description: `Searches collection ${index + 1} and returns the rows that match the query, best first.`,
    shape,
  }));
}
