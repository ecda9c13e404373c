import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { toDomain } from '../../platform/identity-text.js';
import { ROLES, type Role } from '../../access/permissions.js';
import { MayBeAbsent, Named } from '../../platform/rest/rest.dto.js';
import { IsRoles } from '../users/users.dto.js';
import type { OidcProvider } from './oidc-provider.entity.js';

const DOMAIN = /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/;
const LIST_MAX = 50;

const orNull = (_dto: unknown, value: unknown) => value !== undefined && value !== null;
const asDomains = ({ value }: { value: unknown }): unknown =>
  Array.isArray(value)
    ? value.map((item: unknown) => (typeof item === 'string' ? toDomain(item) : item))
    : value;

export class CreateOidcProviderDto {
  @ApiProperty({ example: 'Keycloak' })
  @Named()
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiProperty({
    example: 'https://login.example.com/realms/acme',
    description: 'As its discovery document says it',
  })
  @IsString()
  @Length(1, 500)
  issuer: string;

  @ApiProperty()
  @IsString()
  @Length(1, 200)
  client_id: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Never shown again; null: a public client',
  })
  @ValidateIf(orNull)
  @IsString()
  @Length(1, 1000)
  client_secret?: string | null;

  @ApiPropertyOptional({ type: [String], default: ['openid', 'email', 'profile'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(LIST_MAX)
  @ArrayUnique()
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, { each: true })
  scopes?: string[];

  @ApiPropertyOptional({ default: 'email' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  email_claim?: string;

  @ApiPropertyOptional({ default: 'name' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  name_claim?: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'groups',
    description: 'null: roles are given here',
  })
  @ValidateIf(orNull)
  @IsString()
  @Length(1, 100)
  roles_claim?: string | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', enum: [...ROLES] },
    example: { 'toolcrib-admins': 'admin' },
    description: 'Value of the roles claim → role here; none above your own',
  })
  @MayBeAbsent()
  @IsObject()
  role_map?: Record<string, Role>;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf(orNull)
  @IsString()
  @Length(1, 100)
  tier_claim?: string | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { gold: 'vip' },
    description: 'Value of the tier claim → tier here',
  })
  @MayBeAbsent()
  @IsObject()
  tier_map?: Record<string, string>;

  @ApiPropertyOptional({
    enum: ROLES,
    isArray: true,
    default: ['customer'],
    description: 'Beside those of the claim; none above your own',
  })
  @MayBeAbsent()
  @IsRoles()
  default_roles?: Role[];

  @ApiPropertyOptional({
    type: [String],
    example: ['acme.example'],
    description: 'Empty: addresses of any domain',
  })
  @MayBeAbsent()
  @Transform(asDomains)
  @IsArray()
  @ArrayMaxSize(LIST_MAX)
  @ArrayUnique()
  @Matches(DOMAIN, { each: true, message: 'each of $property must be a domain name, e.g. acme.example' })
  email_domains?: string[];

  @ApiPropertyOptional({ default: false, description: 'Make people who are not known here yet' })
  @MayBeAbsent()
  @IsBoolean()
  create_users?: boolean;

  @ApiPropertyOptional({ default: true })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class UpdateOidcProviderDto extends PartialType(CreateOidcProviderDto, {
  skipNullProperties: false,
}) {}

export class OidcProviderDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty()
  issuer: string;

  @ApiProperty()
  client_id: string;

  @ApiProperty()
  has_client_secret: boolean;

  @ApiProperty({ type: [String] })
  scopes: readonly string[];

  @ApiProperty()
  email_claim: string;

  @ApiProperty()
  name_claim: string;

  @ApiProperty({ type: String, nullable: true })
  roles_claim: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  role_map: Readonly<Record<string, string>>;

  @ApiProperty({ type: String, nullable: true })
  tier_claim: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  tier_map: Readonly<Record<string, string>>;

  @ApiProperty({ type: [String] })
  default_roles: readonly string[];

  @ApiProperty({ type: [String] })
  email_domains: readonly string[];

  @ApiProperty()
  create_users: boolean;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty({ description: 'Where people begin to sign in' })
  start_url: string;

  @ApiProperty({ description: 'To be entered at the provider' })
  redirect_uri: string;

  @ApiProperty({ description: 'Grows with every change; the ETag' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class StartOidcQueryDto {
  @ApiPropertyOptional({ default: '/', description: 'Path of ours to come back to' })
  @IsOptional()
  @Matches(/^\/(?![/\\])[^\\\s#]*$/, { message: 'return_to must be a path of this server, e.g. /' })
  @MaxLength(500)
  return_to?: string;
}

export class ExchangeOidcCodeDto {
  @ApiProperty({ description: '`sign_in_code` of the address that the browser came back to' })
  @IsString()
  @Length(1, 128)
  code: string;
}

export class LinkIdentityDto {
  @ApiProperty({ format: 'uuid', description: 'The provider that vouches for the person' })
  @Matches(/^[0-9a-f-]{36}$/i, { message: 'provider_id must be an id' })
  provider_id: string;

  @ApiProperty({ description: 'What the provider calls the person: the `sub` claim' })
  @IsString()
  @Length(1, 255)
  subject: string;
}

export class IdentityDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  issuer: string;

  @ApiProperty()
  subject: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** What the audit shows of a provider. */
export function auditedFields(row: OidcProvider) {
  return {
    name: row.name,
    issuer: row.issuer,
    client_id: row.clientId,
    has_client_secret: row.clientSecret !== null,
    scopes: row.scopes,
    email_claim: row.emailClaim,
    name_claim: row.nameClaim,
    roles_claim: row.rolesClaim,
    role_map: row.roleMap,
    tier_claim: row.tierClaim,
    tier_map: row.tierMap,
    default_roles: row.defaultRoles,
    email_domains: row.emailDomains,
    create_users: row.createUsers,
    enabled: row.enabled,
  };
}

export function toOidcProviderDto(row: OidcProvider, publicUrl: string): OidcProviderDto {
  return {
    id: row.id,
    ...auditedFields(row),
    start_url: `${publicUrl}/api/v1/auth/oidc/${row.id}/start`,
    redirect_uri: redirectUri(publicUrl, row.id),
    version: row.version,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** One for each provider, so that one cannot pass off its answers as another's (RFC 9700, section 4.4). */
export function redirectUri(publicUrl: string, providerId: string): string {
  return `${publicUrl}/api/v1/auth/oidc/${providerId}/callback`;
}
