/** Where `@Type` and `@Transform` keep what they say; `@nestjs/mapped-types` reads it there, too. */
declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
  export const defaultMetadataStorage: MetadataStorage;
}
