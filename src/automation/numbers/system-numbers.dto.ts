import { ApiProperty } from '@nestjs/swagger';
import type { Resources } from '../../platform/replicas/resource-meter.js';

class ResourcesDto implements Resources {
  @ApiProperty({ example: 4, description: 'Processors that the process may use' })
  cpu_count: number;

  @ApiProperty({ example: 0.0312, description: 'Of all of these, what the process used: 0 to 1' })
  cpu_share: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.42,
    description: 'Of the machine; null on Windows',
  })
  load_1m: number | null;

  @ApiProperty({ example: 167772160, description: 'What the process holds' })
  memory_rss_bytes: number;

  @ApiProperty({ example: 73400320 })
  heap_used_bytes: number;

  @ApiProperty({ example: 4345298944 })
  heap_limit_bytes: number;

  @ApiProperty({
    example: 8589934592,
    description: 'Of the container where it has a limit, else of the machine',
  })
  memory_total_bytes: number;

  @ApiProperty({ example: 5368709120 })
  memory_available_bytes: number;

  @ApiProperty({ example: 0.4, description: 'How much later than due timers ran' })
  event_loop_delay_mean_ms: number;

  @ApiProperty({ example: 2.1 })
  event_loop_delay_p99_ms: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 18211,
    description: 'Of the machine or container, without the loopback; null elsewhere than on Linux',
  })
  network_received_bytes_per_second: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 40960 })
  network_sent_bytes_per_second: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 105089261568,
    description: 'Of the file system with the embedded database; null: the database is elsewhere',
  })
  disk_total_bytes: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 61203283968 })
  disk_free_bytes: number | null;
}

class ReplicaDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'toolcrib-1:8000' })
  name: string;

  @ApiProperty({ format: 'date-time', example: '2026-10-25T04:00:00.000Z' })
  started_at: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-10-25T07:30:04.000Z',
    description: 'Every ten seconds; null: not yet',
  })
  measured_at: string | null;

  @ApiProperty({ type: ResourcesDto, nullable: true })
  resources: ResourcesDto | null;
}

class DatabaseDto {
  @ApiProperty({ example: true })
  ok: boolean;

  @ApiProperty({ example: 0.6, description: 'Round trip of one empty query, from the replica that answers' })
  latency_ms: number;

  @ApiProperty({ example: 12, description: 'Connections to this database, of all replicas and others' })
  connections: number;

  @ApiProperty({ example: 100, description: 'As many as the server takes' })
  connections_max: number;
}

export class SystemDto {
  @ApiProperty({ type: DatabaseDto })
  database: DatabaseDto;

  @ApiProperty({ type: [ReplicaDto], description: 'Those that are alive, by name' })
  replicas: ReplicaDto[];
}
