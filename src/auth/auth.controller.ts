import { Body, Controller, Get, HttpCode, HttpStatus, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ok } from '../common/envelope.js';
import { ApiData, ApiFailures } from '../common/rest.dto.js';
import { CurrentCaller, Public, SignedIn } from './access.js';
import { ProfileDto, RefreshDto, SignedInDto, SignInDto, TokensDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import type { UserCaller } from './caller.js';
import { SignInGuard } from './sign-in.guard.js';
import { TokensService } from './tokens.service.js';

@ApiTags('auth')
@Controller('api/v1/auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly tokens: TokensService,
  ) {}

  @Post('login')
  @Public()
  @UseGuards(SignInGuard)
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Sign in with e-mail and password', security: [] })
  @ApiBody({ type: SignInDto })
  @ApiData(SignedInDto)
  @ApiFailures(HttpStatus.BAD_REQUEST, HttpStatus.UNAUTHORIZED, HttpStatus.TOO_MANY_REQUESTS)
  async login(@CurrentCaller() caller: UserCaller) {
    return ok(await this.auth.signIn(caller));
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
  @SignedIn()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who is signed in' })
  @ApiData(ProfileDto)
  @ApiFailures(HttpStatus.UNAUTHORIZED)
  async me(@CurrentCaller() caller: UserCaller) {
    return ok(await this.auth.getProfile(caller));
  }
}
