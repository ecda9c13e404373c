import { Module } from '@nestjs/common';
import { AutomationModule } from '../automation.module.js';
import { AutomationWatch } from './automation-watch.js';

/** Goes on by itself, wherever work goes on behind requests. */
@Module({ imports: [AutomationModule], providers: [AutomationWatch] })
export class AutomationWatchModule {}
