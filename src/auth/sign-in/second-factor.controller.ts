import { Body, Controller, Get, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { CurrentCaller, ShowsSecret, SignedIn, WithoutSecondFactor } from '../../access/access.js';
import {
  CodeDto,
  DisableSecondFactorDto,
  EnrolledSecondFactorDto,
  EnrolSecondFactorDto,
  RecoveryCodesDto,
  SecondFactorDto,
  toSecondFactorDto,
} from './account.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { OwnSecondFactor } from './own-second-factor.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, TOO_MANY_REQUESTS, OK } = HttpStatus;

@ApiTags('own account')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/auth/second-factor')
export class SecondFactorController {
  constructor(private readonly factor: OwnSecondFactor) {}

  @Get()
  @SignedIn()
  @WithoutSecondFactor()
  @ApiOperation({ summary: 'Whether you have a second factor' })
  @ApiData(SecondFactorDto)
  async get(@CurrentCaller() caller: UserCaller) {
    return ok(toSecondFactorDto(await this.factor.getState(caller), caller.secondFactorMissing));
  }

  @Post()
  @ShowsSecret()
  @SignedIn()
  @WithoutSecondFactor()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Begin to set up an authenticator app (TOTP)',
    description: 'Gives the secret for the app. It does not count before it is confirmed.',
  })
  @ApiData(EnrolledSecondFactorDto)
  @ApiFailures(BAD_REQUEST, CONFLICT, TOO_MANY_REQUESTS)
  async enrol(@CurrentCaller() caller: UserCaller, @Body() body: EnrolSecondFactorDto) {
    return ok(await this.factor.enrol(caller, body.password), 'Confirm it with a code of the app');
  }

  @Post('confirm')
  @ShowsSecret()
  @SignedIn()
  @WithoutSecondFactor()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Confirm the authenticator app with a code',
    description: 'Gives recovery codes.',
  })
  @ApiData(RecoveryCodesDto)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async confirm(@CurrentCaller() caller: UserCaller, @Body() { code }: CodeDto) {
    const codes = await this.factor.confirm(caller, code);
    return ok({ recovery_codes: codes }, 'The second factor is on; keep the recovery codes');
  }

  @Post('recovery-codes')
  @ShowsSecret()
  @SignedIn()
  @HttpCode(OK)
  @ApiOperation({ summary: 'New recovery codes', description: 'The old ones stop working.' })
  @ApiData(RecoveryCodesDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, TOO_MANY_REQUESTS)
  async replaceRecoveryCodes(@CurrentCaller() caller: UserCaller, @Body() { code }: CodeDto) {
    return ok({ recovery_codes: await this.factor.replaceRecoveryCodes(caller, code) });
  }

  @Post('disable')
  @SignedIn()
  @HttpCode(OK)
  @ApiOperation({ summary: 'Take the second factor away', description: 'Needs the password and a code.' })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, TOO_MANY_REQUESTS)
  async disable(@CurrentCaller() caller: UserCaller, @Body() body: DisableSecondFactorDto) {
    await this.factor.disable(caller, body);
    return ok(null, 'The second factor is off');
  }
}
