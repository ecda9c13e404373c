import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { ApiData, ApiFailures, ApiPage, IdParam, PageQueryDto } from '../../platform/rest/rest.dto.js';
import { PlanDecisionsService } from './plan-decisions.service.js';
import { planOut } from './plan-views.js';
import { changedLines, givenWishes, wholeWishes } from './plan-wishes.js';
import { PlanDto, RevisionDto } from './plan-content.dto.js';
import {
  ChangePlanDto,
  DecisionDto,
  GeneratePlanDto,
  OptimizePlanDto,
  PlanQueryDto,
  PlanSummaryDto,
} from './plans.dto.js';
import { PlansReader } from './plans-reader.js';
import { PlansService } from './plans.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

@ApiTags('treatment-plans')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1')
export class PlansController {
  constructor(
    private readonly plans: PlansService,
    private readonly decisions: PlanDecisionsService,
    private readonly reader: PlansReader,
  ) {}

  @Post('plan-generation')
  @Requires('plans.write')
  @HttpCode(CREATED)
  @ApiOperation({
    summary: 'Make a treatment plan for a customer',
    description:
      'By the agent of purpose `treatment_plan` as far as the rules leave it, else by rules alone. It takes as long as agents may. A ' +
      '409 tells in `error.details` why nothing could be planned.',
  })
  @ApiData(PlanDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async generate(@CurrentCaller() caller: UserCaller, @Body() body: GeneratePlanDto) {
    const made = await this.plans.generate(caller, { id: body.customer_id }, wholeWishes(body));
    return ok(planOut(made), 'Proposed');
  }

  @Get('treatment-plans')
  @Requires('plans.read')
  @ApiOperation({ summary: 'Treatment plans, newest first, without what they say' })
  @ApiPage(PlanSummaryDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PlanQueryDto) {
    return pageOf(await this.reader.list(caller, query));
  }

  @Get('treatment-plans/:id')
  @Requires('plans.read')
  @ApiOperation({ summary: 'One treatment plan with the revision that counts' })
  @ApiData(PlanDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.reader.get(caller, id));
  }

  @Get('treatment-plans/:id/revisions')
  @Requires('plans.read')
  @ApiOperation({ summary: 'All revisions of a treatment plan, newest first' })
  @ApiPage(RevisionDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async revisions(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Query() query: PageQueryDto,
  ) {
    return pageOf(await this.reader.revisions(caller, id, query));
  }

  @Post('treatment-plans/:id/optimize')
  @Requires('plans.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Make a treatment plan better within other limits',
    description:
      'Limits are replaced, wishes and conditions come on top. Another revision with what changed and why; none where nothing changes.',
  })
  @ApiData(PlanDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async optimize(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: OptimizePlanDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const made = await this.plans.optimize(caller, id, givenWishes(body), { ifMatch });
    return ok(planOut(made), made.isChanged ? 'Proposed' : 'Nothing to change');
  }

  @Put('treatment-plans/:id')
  @Requires('plans.write')
  @ApiOperation({
    summary: 'Put your own lines in the place of those of a treatment plan',
    description:
      'Another revision; none where nothing changes. What breaks a rule that holds for every plan is refused, each in `error.details`.',
  })
  @ApiData(PlanDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async change(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { lines, note }: ChangePlanDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const made = await this.decisions.change(caller, id, {
      lines: changedLines(lines),
      note: note ?? null,
      ifMatch,
    });
    return ok(planOut(made), made.isChanged ? 'Changed' : 'Nothing to change');
  }

  @Post('treatment-plans/:id/approve')
  @Requires('plans.decide')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Put the revision that counts in force',
    description: 'The rules are asked again by the rows as they are now; what is broken by then is 409.',
  })
  @ApiData(PlanDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async approve(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { note }: DecisionDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(planOut(await this.decisions.approve(caller, id, { note: note ?? null, ifMatch })), 'Approved');
  }

  @Post('treatment-plans/:id/reject')
  @Requires('plans.decide')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Refuse what is proposed',
    description: 'A revision that was approved before stays in force; a plan without one is over.',
  })
  @ApiData(PlanDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async reject(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { note }: DecisionDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(planOut(await this.decisions.reject(caller, id, { note: note ?? null, ifMatch })), 'Rejected');
  }
}
