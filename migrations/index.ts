import { Core1790000000000 } from './1790000000000-core.js';

/** Every migration, oldest first. One that is merged is never edited. */
export const migrations = [Core1790000000000] as const;
