import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { CurrentCaller, Public, SignedIn } from '../../access/access.js';
import { ChangePasswordDto, ForgottenPasswordDto, ResetPasswordDto } from './account.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { PasswordsService } from './passwords.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, CONFLICT, TOO_MANY_REQUESTS, OK } = HttpStatus;

@ApiTags('own account')
@Controller('api/v1/auth/password')
export class PasswordsController {
  constructor(private readonly passwords: PasswordsService) {}

  @Post()
  @SignedIn()
  @HttpCode(OK)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Change your password', description: 'Your other sign-ins and your tokens end.' })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, CONFLICT, TOO_MANY_REQUESTS)
  async change(@CurrentCaller() caller: UserCaller, @Body() body: ChangePasswordDto) {
    await this.passwords.change(caller, body.old_password, body.new_password);
    return ok(null, 'Password changed; your other sign-ins and your tokens have ended');
  }

  @Post('forgot')
  @Public()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Ask for a new password',
    description: 'Answers the same whether the account exists or not.',
    security: [],
  })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, TOO_MANY_REQUESTS)
  async forget(@Body() body: ForgottenPasswordDto) {
    await this.passwords.forget(body);
    return ok(null, 'If the account exists, its owner gets a message with what to do');
  }

  @Post('reset')
  @Public()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Set a new password with a one-time token',
    description: 'All sign-ins and tokens of the person end.',
    security: [],
  })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED)
  async reset(@Body() body: ResetPasswordDto) {
    await this.passwords.reset(body.token, body.new_password);
    return ok(null, 'Password set; sign in with it');
  }
}
