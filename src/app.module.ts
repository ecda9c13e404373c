import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { access } from './access/access.room.js';
import { agents } from './agents/agents.room.js';
import { auth } from './auth/auth.room.js';
import { automation } from './automation/automation.room.js';
import { dataSourceOptions, systemDataSourceOptions } from './boot/database/database.js';
import { MasterKeys } from './boot/master-keys/master-keys.js';
import { callLogs } from './call-logs/call-logs.room.js';
import { consultants } from './consultants/consultants.room.js';
import { crm } from './crm/crm.room.js';
import { groups } from './groups/groups.room.js';
import { jobs } from './jobs/jobs.room.js';
import { mcp } from './mcp/mcp.room.js';
import { messaging } from './messaging/messaging.room.js';
import { operations } from './operations/operations.room.js';
import type { Config } from './platform/config.js';
import { SYSTEM_DATABASE } from './platform/database/system-database.js';
import { PlatformModule } from './platform/platform.module.js';
import { platform } from './platform/platform.room.js';
import type { Room } from './platform/room.js';
import { sources } from './sources/sources.room.js';
import { tools } from './tools/tools.room.js';

/** The whole service. Interceptors wrap each other in this order, and hooks of equal depth run in it. */
const ROOMS: readonly Room[] = [
  platform,
  access,
  jobs,
  callLogs,
  auth,
  messaging,
  tools,
  sources,
  groups,
  mcp,
  crm,
  agents,
  consultants,
  automation,
  operations,
];

/** Makes a process of the rooms' modules. `config.databaseUrls` and `config.masterKeys` must be known by now. */
function processOf(
  module: DynamicModule['module'],
  config: Config,
  parts: readonly (keyof Room)[],
): DynamicModule {
  return {
    module,
    providers: [MasterKeys],
    imports: [
      PlatformModule.forRoot(config),
      TypeOrmModule.forRoot(dataSourceOptions(config)),
      TypeOrmModule.forRoot({ ...systemDataSourceOptions(config), name: SYSTEM_DATABASE }),
      ...ROOMS.flatMap((room) => parts.flatMap((part) => room[part] ?? [])),
    ],
  };
}

/** A command beside the service: every service of every room, and nothing that goes on by itself. */
@Module({})
export class CommandModule {
  static forRoot(config: Config): DynamicModule {
    return processOf(CommandModule, config, ['everywhere']);
  }
}

/** Serves clients, and leaves what goes on in the background to workers. */
@Module({})
export class ServerModule {
  static forRoot(config: Config): DynamicModule {
    return processOf(ServerModule, config, ['everywhere', 'server']);
  }
}

/** Works in the background and serves nobody. */
@Module({})
export class WorkerModule {
  static forRoot(config: Config): DynamicModule {
    return processOf(WorkerModule, config, ['everywhere', 'worker']);
  }
}

/** One process for both. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return processOf(AppModule, config, ['everywhere', 'server', 'worker']);
  }
}
