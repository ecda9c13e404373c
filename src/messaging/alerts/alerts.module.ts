import { Module } from '@nestjs/common';
import { AlertCleanup } from './alert-cleanup.js';
import { AlertsController } from './alerts.controller.js';
import { AlertsService } from './alerts.service.js';

/** The feed of what administrators should see. */
@Module({ controllers: [AlertsController], providers: [AlertsService, AlertCleanup] })
export class AlertsModule {}
