import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { Config } from '../../platform/config.js';
import { DataDir } from '../data-dir.js';
import { StartError } from '../../platform/errors.js';
import { readMasterKeys } from './master-key-files.js';

/** Takes over a master key that `toolcrib keys rotate-master` has made beside the running service. */
@Injectable()
export class MasterKeys implements OnModuleInit {
  constructor(
    private readonly config: Config,
    private readonly box: SecretBox,
    private readonly changeBus: ChangeBus,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe('master_key', async (change) => {
      if (!this.config.env.TOOLCRIB_MASTER_KEY) {
        this.box.use(readMasterKeys(this.config, DataDir.open(this.config.dataDir)));
      }
      if (change && !this.box.knows(change.id)) {
        throw new StartError(
          'This replica does not know the new master key; start it with TOOLCRIB_MASTER_KEY set to it',
        );
      }
    });
  }
}
