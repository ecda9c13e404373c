import { DataSource } from 'typeorm';
import { loadConfig } from '../../platform/config.js';
import { ownerDataSourceOptions } from './database.js';

/** For TypeORM's command line (`npm run migration:generate`), which wants a default export. */
export default new DataSource(ownerDataSourceOptions(loadConfig()));
