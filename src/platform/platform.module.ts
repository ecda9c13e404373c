import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Config } from './config.js';
import { ChangeBus } from './replicas/change-bus.js';
import { CursorInterceptor } from './rest/cursor.interceptor.js';
import { EtagInterceptor } from './rest/etag.interceptor.js';
import { Replica } from './replicas/replica.js';
import { ReplicaResources } from './replicas/replica-resources.js';
import { SecretBox } from './secrets/secret-box.js';

/** What every feature may inject: the settings, the change bus, the secret box. */
@Module({})
export class PlatformModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      providers: [
        { provide: Config, useValue: config },
        Replica,
        ReplicaResources,
        ChangeBus,
        SecretBox,
        // Around the interceptors of all other modules, since this one comes first: they see every answer.
        { provide: APP_INTERCEPTOR, useClass: EtagInterceptor },
        { provide: APP_INTERCEPTOR, useClass: CursorInterceptor },
      ],
      exports: [Config, Replica, ReplicaResources, ChangeBus, SecretBox],
    };
  }
}
