import { ApiProperty } from '@nestjs/swagger';
import { ALLOCATIONS, type Allocation } from '../../consultants/consultant-settings.entity.js';
import { CHANNEL_KINDS, LANGUAGES, NOTICE_KINDS } from '../../messaging/notices/notice.js';
import { AutomationSettingsDto } from '../automation-settings.dto.js';

const CHANGE_WITH = 'The route that changes it';

class SwitchDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/features/registration_automation', description: CHANGE_WITH })
  change_with: string;

  @ApiProperty({ description: 'false: nobody is greeted' })
  enabled: boolean;

  @ApiProperty({ example: 100, description: 'Of the customers, 0 to 100' })
  percentage: number;
}

class WelcomeSettingsDto extends AutomationSettingsDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/automation/settings', description: CHANGE_WITH })
  change_with: string;
}

class RetryPlanDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/job-settings/automation.greet', description: CHANGE_WITH })
  change_with: string;

  @ApiProperty({ type: [Number], example: [5, 15, 60], description: 'Seconds before each further attempt' })
  retry_seconds: readonly number[];
}

class ShownTemplateDto {
  @ApiProperty({ example: 'zh' })
  language: string;

  @ApiProperty({ enum: ['tenant', 'built_in'], example: 'built_in' })
  source: 'tenant' | 'built_in';
}

class WelcomeTemplatesPartDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/automation/templates/{language}', description: CHANGE_WITH })
  change_with: string;

  @ApiProperty({ type: [ShownTemplateDto] })
  templates: ShownTemplateDto[];
}

class AgentOrderPartDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/agent-orders/{id}', description: CHANGE_WITH })
  change_with: string;

  @ApiProperty({
    type: [String],
    example: ['Welcome', 'Welcome (spare)'],
    description: 'Asked in this order',
  })
  agents: string[];
}

class ShownChannelDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'Front desk' })
  name: string;

  @ApiProperty({ enum: CHANNEL_KINDS, example: 'email' })
  kind: (typeof CHANNEL_KINDS)[number];

  @ApiProperty()
  enabled: boolean;
}

class ChannelsPartDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/notification-channels/{id}', description: CHANGE_WITH })
  change_with: string;

  @ApiProperty({ type: [ShownChannelDto] })
  channels: ShownChannelDto[];
}

class OwnNoticeTemplateDto {
  @ApiProperty({ enum: NOTICE_KINDS, example: 'new_customer' })
  kind: (typeof NOTICE_KINDS)[number];

  @ApiProperty({ enum: LANGUAGES, example: 'en' })
  language: string;
}

class NoticeTemplatesPartDto {
  @ApiProperty({
    example: 'PUT /api/v1/admin/notification-templates/{kind}/{language}',
    description: CHANGE_WITH,
  })
  change_with: string;

  @ApiProperty({ type: [OwnNoticeTemplateDto], description: "The tenant's own; all others are ours" })
  own: OwnNoticeTemplateDto[];
}

class AllocationPartDto {
  @ApiProperty({ example: 'PUT /api/v1/admin/consultant-settings', description: CHANGE_WITH })
  change_with: string;

  @ApiProperty({ enum: ALLOCATIONS, example: 'round_robin' })
  allocation: Allocation;

  @ApiProperty({ example: 60 })
  offer_seconds: number;

  @ApiProperty({ example: 300, description: 'What customers are told to expect' })
  expected_response_seconds: number;

  @ApiProperty({ type: [Number], example: [300, 600], description: 'When each level of escalation is told' })
  escalation_after_seconds: number[];
}

/** What is set for the automation, all on one page; each part is changed elsewhere. */
export class OverviewDto {
  @ApiProperty({ type: SwitchDto })
  switch: SwitchDto;

  @ApiProperty({
    type: WelcomeSettingsDto,
    description: 'Strategy of the welcome, and the default conversation',
  })
  welcome: WelcomeSettingsDto;

  @ApiProperty({ type: WelcomeTemplatesPartDto })
  welcome_templates: WelcomeTemplatesPartDto;

  @ApiProperty({ type: RetryPlanDto })
  retry_plan: RetryPlanDto;

  @ApiProperty({ type: AgentOrderPartDto })
  agent_order: AgentOrderPartDto;

  @ApiProperty({ type: ChannelsPartDto })
  notification_channels: ChannelsPartDto;

  @ApiProperty({ type: NoticeTemplatesPartDto })
  notification_templates: NoticeTemplatesPartDto;

  @ApiProperty({ type: AllocationPartDto })
  allocation: AllocationPartDto;
}
