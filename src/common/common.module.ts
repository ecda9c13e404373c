import { type DynamicModule, Module } from '@nestjs/common';
import { Config } from '../config.js';
import { ChangeBus } from './change-bus.js';
import { Replica } from './replica.js';
import { SecretBox } from './secret-box.js';

/** What every feature may inject: the settings, the change bus, the secret box. */
@Module({})
export class CommonModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: CommonModule,
      global: true,
      providers: [{ provide: Config, useValue: config }, Replica, ChangeBus, SecretBox],
      exports: [Config, Replica, ChangeBus, SecretBox],
    };
  }
}
