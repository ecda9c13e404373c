import { Module } from '@nestjs/common';
import { BreakersModule } from '../tools/breakers/breakers.module.js';
import { AgentCaller } from './agent-caller.js';
import { AgentCircuits } from './agent-circuits.js';
import { AgentGateway } from './agent-gateway.js';
import { AgentOrdersController } from './agent-orders.controller.js';
import { AgentOrdersService } from './agent-orders.service.js';
import { AgentRegistry } from './agent-registry.js';
import { AgentTester } from './agent-tester.js';
import { AgentVersionsController } from './agent-versions.controller.js';
import { AgentVersionsService } from './agent-versions.service.js';
import { AgentViews } from './agent-views.js';
import { AgentsController } from './agents.controller.js';
import { AgentsService } from './agents.service.js';
import { DifyClient } from './dify-client.js';

/** Dify apps that we ask: who they are, which one is asked for what, and the asking. */
@Module({
  imports: [BreakersModule],
  controllers: [AgentsController, AgentVersionsController, AgentOrdersController],
  providers: [
    DifyClient,
    AgentCaller,
    AgentRegistry,
    AgentCircuits,
    AgentGateway,
    AgentsService,
    AgentVersionsService,
    AgentOrdersService,
    AgentTester,
    AgentViews,
  ],
  exports: [AgentGateway],
})
export class AgentsModule {}
