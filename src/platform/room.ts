import type { ModuleMetadata } from '@nestjs/common';

type Modules = NonNullable<ModuleMetadata['imports']>;

/** Says what a room of `src` brings to which process: see `app.module.ts`. */
export type Room = {
  /** Services and their routes, for every process, a command too: they begin nothing by themselves. */
  readonly everywhere?: Modules;
  /** What waits for clients. */
  readonly server?: Modules;
  /** What goes on in the background: jobs, and what follows the call log. */
  readonly worker?: Modules;
};
