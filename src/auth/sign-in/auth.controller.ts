import { Body, Controller, Get, HttpCode, HttpStatus, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiEither, ApiFailures } from '../../platform/rest/rest.dto.js';
import { CurrentCaller, Public, Requires, WithoutSecondFactor } from '../../access/access.js';
import {
  FinishSignInDto,
  MfaRequiredDto,
  ProfileDto,
  RefreshDto,
  SignedInDto,
  SignInDto,
  TokensDto,
} from './auth.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { SignInGuard } from './sign-in.guard.js';
import { SignInService } from './sign-in.service.js';
import { TokensService } from './tokens.service.js';

@ApiTags('auth')
@Controller('api/v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignInService,
    private readonly tokens: TokensService,
  ) {}

  @Post('login')
  @Public()
  @UseGuards(SignInGuard)
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Sign in with e-mail or username, and password',
    description:
      'Whoever has a second factor gets no tokens yet but an mfa_token, for POST /auth/login/totp.',
    security: [],
  })
  @ApiBody({ type: SignInDto })
  @ApiEither(SignedInDto, MfaRequiredDto)
  @ApiFailures(HttpStatus.BAD_REQUEST, HttpStatus.UNAUTHORIZED, HttpStatus.TOO_MANY_REQUESTS)
  async login(@CurrentCaller() caller: UserCaller) {
    return ok(await this.signIn.begin(caller, 'password'));
  }

  @Post('login/totp')
  @Public()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Finish a sign-in with the second factor', security: [] })
  @ApiData(SignedInDto)
  @ApiFailures(HttpStatus.BAD_REQUEST, HttpStatus.UNAUTHORIZED, HttpStatus.TOO_MANY_REQUESTS)
  async finish(@Body() body: FinishSignInDto) {
    return ok(await this.signIn.finish(body.mfa_token, body.code));
  }

  @Post('refresh')
  @Public()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Exchange a refresh token for new tokens',
    description: 'Each refresh token works once. Using one again ends the sign-in.',
    security: [],
  })
  @ApiData(TokensDto)
  @ApiFailures(HttpStatus.BAD_REQUEST, HttpStatus.UNAUTHORIZED)
  async refresh(@Body() body: RefreshDto) {
    return ok(await this.tokens.rotate(body.refresh_token));
  }

  @Post('logout')
  @Public()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'End a sign-in',
    description: 'Its access and refresh tokens stop working at once.',
    security: [],
  })
  @ApiData(null)
  @ApiFailures(HttpStatus.BAD_REQUEST)
  async logout(@Body() body: RefreshDto) {
    await this.tokens.end(body.refresh_token);
    return ok(null, 'Signed out');
  }

  @Get('me')
  @Requires('own.read')
  @WithoutSecondFactor()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who is signed in' })
  @ApiData(ProfileDto)
  @ApiFailures(HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN)
  async me(@CurrentCaller() caller: UserCaller) {
    return ok(await this.signIn.getProfile(caller));
  }
}
