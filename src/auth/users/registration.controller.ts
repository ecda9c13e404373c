import { Body, Controller, Get, HttpCode, HttpStatus, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, InPerson, Public, Requires, ShowsSecret } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, ok } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { AddressProofService } from './address-proof.service.js';
import {
  RegisterDto,
  RegisteredDto,
  RegistrationCodeDto,
  SignInSettingsDto,
  toSignInSettingsDto,
  UpdateSignInSettingsDto,
  VerifyAddressDto,
} from './registration.dto.js';
import { RegistrationService } from './registration.service.js';
import { SignInSettingsService } from './sign-in-settings.service.js';

const {
  BAD_REQUEST,
  UNAUTHORIZED,
  FORBIDDEN,
  CONFLICT,
  PRECONDITION_FAILED,
  TOO_MANY_REQUESTS,
  CREATED,
  OK,
} = HttpStatus;

@ApiTags('registration')
@Controller('api/v1')
export class RegistrationController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly proof: AddressProofService,
    private readonly settings: SignInSettingsService,
  ) {}

  @Post('auth/register')
  @Public()
  @ApiOperation({
    summary: 'Make your own account, as a customer',
    description: 'Where the tenant lets people do that. The only role is customer.',
    security: [],
  })
  @ApiData(RegisteredDto, CREATED)
  @ApiFailures(BAD_REQUEST, FORBIDDEN, CONFLICT, TOO_MANY_REQUESTS)
  async register(@Body() body: RegisterDto) {
    const registered = await this.registration.register(body);
    return ok(
      registered,
      registered.verified ? 'Registered; sign in now' : 'Registered; look into your mail for what to do',
    );
  }

  @Post('auth/register/verify')
  @Public()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Prove the address that you registered with',
    description: 'With the token that came by mail. The account counts from then on.',
    security: [],
  })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, TOO_MANY_REQUESTS)
  async verify(@Body() { token }: VerifyAddressDto) {
    await this.proof.verify(token);
    return ok(null, 'The address is proven; sign in now');
  }

  @Get('admin/sign-in-settings')
  @Requires('users.read')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who may register, and who needs a second factor' })
  @ApiData(SignInSettingsDto)
  @ApiFailures(UNAUTHORIZED, FORBIDDEN)
  async getSettings(@CurrentCaller() caller: UserCaller) {
    return ok(toSignInSettingsDto(await this.settings.get(caller)));
  }

  @Put('admin/sign-in-settings')
  @Requires('users.write')
  @InPerson()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Change who may register, and who needs a second factor' })
  @ApiChange(SignInSettingsDto)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, PRECONDITION_FAILED)
  async updateSettings(
    @CurrentCaller() caller: UserCaller,
    @Body() body: UpdateSignInSettingsDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(
      toSignInSettingsDto(await this.settings.update(caller, body, ifMatch)),
      'Settings changed',
    );
  }

  @Post('admin/sign-in-settings/registration-code')
  @ShowsSecret()
  @Requires('users.write')
  @InPerson()
  @HttpCode(OK)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'A new registration code', description: 'The one before stops working.' })
  @ApiChange(RegistrationCodeDto)
  @ApiFailures(UNAUTHORIZED, FORBIDDEN)
  async newCode(@CurrentCaller() caller: UserCaller) {
    return changed({ code: await this.settings.newRegistrationCode(caller) }, 'It is not shown again');
  }
}
