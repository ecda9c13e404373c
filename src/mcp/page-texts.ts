import { wellFormedJson } from '../platform/well-formed-json.js';
import type { ListedTool } from '../groups/catalog.js';

export type ToolsPage = { readonly tools: readonly ListedTool[]; readonly nextCursor?: string };

/**
 * `tools/list` as JSON text, written out once for each catalog and not once for each client. A page of the whole list is
 * kept as it goes over the wire; callers who see a part of the list get theirs joined from the texts of the tools, so that
 * memory does not grow with the number of callers.
 */
export class PageTexts {
  private readonly ofTool = new WeakMap<ListedTool, string>();
  private readonly pages = new WeakMap<readonly ListedTool[], Map<number, Buffer>>();

  constructor(private readonly pageSize: number) {}

  /** @param listed All that the catalog lists, of which `page` begins at `start`. */
  shared(listed: readonly ListedTool[], start: number, page: ToolsPage): Buffer {
    let pages = this.pages.get(listed);
    if (!pages) this.pages.set(listed, (pages = new Map()));
    const known = pages.get(start);
    if (known) return known;
    const text = this.of(page);
    // Following `nextCursor` leads to multiples of the page's size; made-up cursors must not fill the memory.
    if (start % this.pageSize === 0) pages.set(start, text);
    return text;
  }

  of({ tools, nextCursor }: ToolsPage): Buffer {
    const texts = tools.map((tool) => this.textOf(tool)).join(',');
    const cursor = nextCursor === undefined ? '' : `,"nextCursor":${wellFormedJson(nextCursor)}`;
    return Buffer.from(`"tools":[${texts}]${cursor}`);
  }

  private textOf(tool: ListedTool): string {
    let text = this.ofTool.get(tool);
    if (text === undefined) this.ofTool.set(tool, (text = wellFormedJson(tool)));
    return text;
  }
}
