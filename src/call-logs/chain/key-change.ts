import type { EntityManager } from 'typeorm';
import { CallLogKeyRotation, CallLogSigningKey } from './call-log-checkpoint.entity.js';
import { rotateKeys } from './key-rotation.js';
import { type KeyPair, published } from './signing-key.js';

/** Puts on record that one key takes the place of another. What was begun and interrupted is not put down twice. */
export async function storeKeyChange(manager: EntityManager, old: KeyPair, next: KeyPair): Promise<void> {
  const insert = () => manager.createQueryBuilder().insert();
  await insert().into(CallLogSigningKey).values(published(next)).orIgnore().execute();
  await insert().into(CallLogKeyRotation).values(rotateKeys(old, next)).orIgnore().execute();
}
