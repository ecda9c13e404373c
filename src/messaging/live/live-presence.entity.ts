import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ReplicaRow } from '../../platform/replicas/replica.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';

/**
 * An open connection at `/ws`. It counts while its replica's heartbeat is fresh, which is its lease: the connections of a
 * process that died are gone after `REPLICA_LEASE_MS`, without anybody cleaning up.
 */
@Entity('live_presence')
@Index('ix_live_presence_user', ['tenantId', 'userId'])
@Index('ix_live_presence_replica', ['replicaId'])
export class LivePresence {
  @PrimaryColumn({ name: 'connection_id', type: 'uuid' })
  connectionId: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'replica_id', type: 'uuid' })
  replicaId: string;

  @ManyToOne(() => ReplicaRow, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'replica_id' })
  replica?: ReplicaRow;

  @Column({ name: 'connected_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  connectedAt: Date;
}
