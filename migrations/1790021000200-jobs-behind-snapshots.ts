import type { MigrationInterface, QueryRunner } from 'typeorm';

const SINCE = `since timestamptz := coalesce((SELECT t.from_at FROM public.job_turns t WHERE t.kind = of_kind), '-infinity');`;
/** What the functions say, and what they say from now on. */
const CHANGES: readonly (readonly [name: string, before: string, after: string])[] = [
  ['job_lanes', 'is_second_half boolean := false;', `is_second_half boolean := false; ${SINCE}`],
  ['job_lanes', 'AND j.tenant_id > lane', 'AND j.tenant_id > lane AND j.run_at >= since'],
  [
    'job_lanes',
    'AND j.tenant_id = lane AND j.run_at <= moment',
    'AND j.tenant_id = lane AND j.run_at <= moment AND j.run_at >= since',
  ],
  ['claim_jobs', 't.served_at,', `t.served_at, coalesce(t.from_at, '-infinity') AS since,`],
  [
    'claim_jobs',
    'SELECT room.kind, room.places, l.lane',
    'SELECT room.kind, room.places, room.since, l.lane',
  ],
  [
    'claim_jobs',
    'j.tenant_id = lanes.lane AND j.run_at <= moment',
    'j.tenant_id = lanes.lane AND j.run_at <= moment AND j.run_at >= lanes.since',
  ],
  [
    'claim_jobs',
    'j.kind = room.kind AND j.run_at <= moment',
    'j.kind = room.kind AND j.run_at <= moment AND j.run_at >= room.since',
  ],
];

/**
 * While somebody holds a snapshot, entries of jobs that are done stay in the indexes of those that wait, and each claim went through all
 * of them, row by row. Now it knows since when any waits: what is before that is passed over within the index.
 */
export class JobsBehindSnapshots1790021000200 implements MigrationInterface {
  name = 'JobsBehindSnapshots1790021000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "job_turns" ADD "from_at" TIMESTAMP(3) WITH TIME ZONE`);
    for (const [name, before, after] of CHANGES) await replace(queryRunner, { name, before, after });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [name, before, after] of CHANGES.toReversed())
      await replace(queryRunner, { name, before: after, after: before });
    await queryRunner.query(`ALTER TABLE "job_turns" DROP COLUMN "from_at"`);
  }
}

async function replace(
  queryRunner: QueryRunner,
  { name, before, after }: { readonly name: string; readonly before: string; readonly after: string },
): Promise<void> {
  await queryRunner.query(`
    DO $do$ BEGIN
      EXECUTE replace(pg_get_functiondef('${name}'::regproc), $old$${before}$old$, $new$${after}$new$);
    END $do$
  `);
}
