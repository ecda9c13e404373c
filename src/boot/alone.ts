import type { Config } from '../platform/config.js';
import { openInstallation } from './installation.js';
import { checkPort } from './listen.js';
import { type Running, serve } from './running.js';

/**
 * Serves as the one process of an installation.
 *
 * @param onLost Told when the embedded database went away for good.
 */
export async function startAlone(config: Config, onLost: (error: Error) => void): Promise<Running> {
  // PostgreSQL starts while the rest of the code loads.
  const [installation, { prepareSchema }] = await Promise.all([
    openInstallation(config, onLost),
    import('./database/prepare-schema.js'),
    import('./service.js'),
  ]);
  try {
    await checkPort(config); // before the first start prints what it prints only once
    await prepareSchema(installation.config);
    const running = await serve(installation.config);
    return {
      stop: async () => {
        await running.stop();
        await installation.close();
      },
    };
  } catch (error) {
    await installation.close();
    throw error;
  }
}
