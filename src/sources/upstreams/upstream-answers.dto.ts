import { ApiProperty } from '@nestjs/swagger';
import { SOURCE_POLICIES, type SourcePolicy } from '../sync-decision.js';
import { TRANSPORTS, type UpstreamTransport } from './upstream-settings.js';
import { UPSTREAM_STATES, type UpstreamState } from './upstream-state.js';
import { TEXTS } from './upstreams.dto.js';

export class UpstreamDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty()
  description: string;

  @ApiProperty({ enum: TRANSPORTS })
  transport: UpstreamTransport;

  @ApiProperty({ type: String, nullable: true })
  command: string | null;

  @ApiProperty({ type: [String] })
  args: readonly string[];

  @ApiProperty(TEXTS)
  env: Readonly<Record<string, string>>;

  @ApiProperty({ type: String, nullable: true })
  cwd: string | null;

  @ApiProperty({ type: String, nullable: true })
  url: string | null;

  @ApiProperty(TEXTS)
  headers: Readonly<Record<string, string>>;

  @ApiProperty({ type: [String], description: 'Names of the secrets that are kept' })
  secret_names: readonly string[];

  @ApiProperty()
  prefix: string;

  @ApiProperty({ enum: SOURCE_POLICIES })
  policy: SourcePolicy;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty({ enum: UPSTREAM_STATES, description: 'How it stands, on whichever replica looked last' })
  state: UpstreamState;

  @ApiProperty({ type: String, nullable: true })
  state_reason: string | null;

  @ApiProperty({ format: 'date-time' })
  state_since: string;

  @ApiProperty({ description: 'In a row' })
  failures: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  next_try_at: string | null;

  @ApiProperty({
    enum: ['legacy', 'modern'],
    nullable: true,
    type: String,
    description: 'Which era of MCP it speaks; null: not known yet',
  })
  era: string | null;

  @ApiProperty({ ...TEXTS, nullable: true, description: 'Name, version and protocol that it says it has' })
  server_info: Readonly<Record<string, string>> | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When its definitions were read last',
  })
  tools_read_at: string | null;

  @ApiProperty({ description: 'Tools of it that groups can serve' })
  active_tools: number;

  @ApiProperty({ description: 'Tools of it that wait for approval' })
  waiting_tools: number;

  @ApiProperty({ description: 'Grows with each change of its settings; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class UpstreamTestDto {
  @ApiProperty({ description: 'Whether it could be connected to and lists its tools' })
  ok: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Why not' })
  message: string | null;

  @ApiProperty({ type: [String], description: 'What it calls its tools' })
  tools: readonly string[];

  @ApiProperty()
  duration_ms: number;
}

export class UpstreamReadingDto {
  @ApiProperty({
    description: 'false: it could not be read, or another replica is reading it at this moment',
  })
  read: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Why it could not be read' })
  message: string | null;

  @ApiProperty({ type: [String] })
  added: readonly string[];

  @ApiProperty({ type: [String] })
  changed: readonly string[];

  @ApiProperty({ type: [String] })
  gone: readonly string[];

  @ApiProperty({ type: [String], description: 'Of these, what waits for approval' })
  held: readonly string[];

  @ApiProperty({ type: [String], description: 'Of these, what may not be served' })
  quarantined: readonly string[];
}

export class UpstreamLogDto {
  @ApiProperty({
    description: 'The last 64 KiB of what its program wrote to standard error, on the replica that answers',
  })
  stderr: string;

  @ApiProperty({ description: 'Lines on its standard output that were no messages' })
  noise_lines: number;

  @ApiProperty({ description: 'Whether the replica that answers has a connection to it' })
  connected: boolean;
}

export class ImportedUpstreamDto {
  @ApiProperty()
  name: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: it was not added' })
  id: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it was not added' })
  message: string | null;
}
