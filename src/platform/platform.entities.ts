import { DomainEvent } from './replicas/domain-event.entity.js';
import { ReplicaResourcesRow } from './replicas/replica-resources.entity.js';
import { ReplicaRow } from './replicas/replica.entity.js';

/** Lists the tables that this room owns. */
export const platformEntities = [DomainEvent, ReplicaResourcesRow, ReplicaRow] as const;
