import { Module } from '@nestjs/common';
import { FeatureSwitchesService } from './feature-switches.service.js';
import { FeaturesController } from './features.controller.js';
import { FeaturesService } from './features.service.js';

/** Feature switches. A feature that has one imports this module and asks `FeaturesService.isEnabled`. */
@Module({
  controllers: [FeaturesController],
  providers: [FeaturesService, FeatureSwitchesService],
  exports: [FeaturesService],
})
export class FeaturesModule {}
