import { Module } from '@nestjs/common';

/** Registration automation: who registers is greeted, and a consultant knows. */
@Module({})
export class AutomationModule {}
