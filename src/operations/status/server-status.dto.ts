import { ApiProperty } from '@nestjs/swagger';

class DatabaseStatusDto {
  @ApiProperty()
  ok: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'Round trip of one empty query' })
  latency_ms: number | null;
}

class CallLogStatusDto {
  @ApiProperty({ description: 'False: calls are refused until it can be written again' })
  ok: boolean;

  @ApiProperty({ description: 'Records of your tenant waiting for their commit on this replica' })
  queued: number;
}

class McpStatusDto {
  @ApiProperty({ description: 'Sessions of older clients of your tenant on this replica' })
  sessions: number;

  @ApiProperty({ description: 'More than these, of all tenants: whoever has most of them makes room' })
  sessions_max: number;

  @ApiProperty({ description: 'Open SSE and WebSocket connections of your tenant on this replica' })
  connections: number;

  @ApiProperty({ description: 'Open subscriptions/listen of your tenant on this replica' })
  listeners: number;

  @ApiProperty({ description: 'More than these, of all tenants: whoever has most of them makes room' })
  listeners_max: number;
}

class CountsDto {
  @ApiProperty()
  groups: number;

  @ApiProperty()
  enabled_groups: number;

  @ApiProperty()
  tools: number;

  @ApiProperty()
  enabled_tools: number;
}

class MemoryDto {
  @ApiProperty()
  rss_bytes: number;

  @ApiProperty()
  heap_used_bytes: number;
}

export class ServerStatusDto {
  @ApiProperty({ description: 'False: the database or the call log is in trouble' })
  ok: boolean;

  @ApiProperty()
  version: string;

  @ApiProperty({ description: 'Version of Node.js' })
  node: string;

  @ApiProperty()
  started_at: string;

  @ApiProperty()
  uptime_seconds: number;

  @ApiProperty()
  database: DatabaseStatusDto;

  @ApiProperty()
  call_log: CallLogStatusDto;

  @ApiProperty()
  mcp: McpStatusDto;

  @ApiProperty({
    type: CountsDto,
    nullable: true,
    description: "Of the caller's tenant; null without a database",
  })
  counts: CountsDto | null;

  @ApiProperty({ description: 'Tools that this build can give to groups' })
  registered_tools: number;

  @ApiProperty()
  memory: MemoryDto;
}
