import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Table, and the constraint that its foreign keys refer to. */
const PARENTS = [
  ['users', 'UQ_96bb2f14a3cd3f8e046898b08b4'],
  ['projects', 'UQ_8929dde6e9da0bae21834ce32d8'],
  ['conversations', 'UQ_968c510dea89abd741229bc5c7c'],
  ['mcp_tool_groups', 'UQ_87e5fd7f4bbfccb737c82c7b319'],
] as const;

/** Table, column, parent, what its end does, the foreign key without the tenant, the one with it. */
const CHILDREN = [
  [
    'refresh_tokens',
    'user_id',
    'users',
    'CASCADE',
    'FK_3ddc983c5f7bcf132fd8732c3f4',
    'FK_bb32cefeb2991138658b95f0658',
  ],
  [
    'consultations',
    'user_id',
    'users',
    'CASCADE',
    'FK_6b75097e3923dafb9362242037a',
    'FK_4e49ff48739604ae43cfe60c86f',
  ],
  [
    'consultations',
    'consultant_id',
    'users',
    'SET NULL',
    'FK_0489ca1223160ffa297b4435b33',
    'FK_f29cf520dd6544c45f5bd93439a',
  ],
  [
    'consultations',
    'project_id',
    'projects',
    'SET NULL',
    'FK_ebd980716f1e04aebe1dca17b56',
    'FK_e9532e1d41dc5846781bcff5a0a',
  ],
  [
    'conversations',
    'user_id',
    'users',
    'CASCADE',
    'FK_3a9ae579e61e81cc0e989afeb4a',
    'FK_b45812cb93d8e61c62c9612b198',
  ],
  [
    'conversations',
    'consultant_id',
    'users',
    'SET NULL',
    'FK_a67c0949dab248497f056763128',
    'FK_a6dcb7692885fce91c7f4986e48',
  ],
  [
    'customer_preferences',
    'user_id',
    'users',
    'CASCADE',
    'FK_732edf4077d6c30b6875d66299e',
    'FK_2abb4ce22b952152100a9751af7',
  ],
  [
    'customer_profiles',
    'user_id',
    'users',
    'CASCADE',
    'FK_99617dd6d452ad43dd992a79933',
    'FK_48fb1f623f931dc23cb0b1ca3d1',
  ],
  [
    'customer_profiles',
    'consultant_id',
    'users',
    'SET NULL',
    'FK_99aab567183e34f662a7511bf22',
    'FK_bb57696735875c25e2051e64303',
  ],
  [
    'messages',
    'conversation_id',
    'conversations',
    'CASCADE',
    'FK_3bc55a7c3f9ed54b520bb5cfe23',
    'FK_02b2b8e1e9b7d58f24b96107e5c',
  ],
  [
    'tasks',
    'user_id',
    'users',
    'CASCADE',
    'FK_db55af84c226af9dce09487b61b',
    'FK_07b22e18700cab375ed95e70a89',
  ],
  [
    'tasks',
    'assignee_id',
    'users',
    'SET NULL',
    'FK_855d484825b715c545349212c7f',
    'FK_9d254ef4ecfd7bd79f31a72f7e7',
  ],
  [
    'treatments',
    'user_id',
    'users',
    'CASCADE',
    'FK_965fbef2aabcfa1e506119b67f5',
    'FK_a056ca2b5aebe7288e742aeed9f',
  ],
  [
    'treatments',
    'project_id',
    'projects',
    'SET NULL',
    'FK_e72ce27d0b75a050fb8fb8dd040',
    'FK_57174f481b2795655579e880b59',
  ],
  [
    'mcp_group_keys',
    'group_id',
    'mcp_tool_groups',
    'CASCADE',
    'FK_a913a790c620d1f31ee5e88cfcb',
    'FK_72bd548ae05a0bb759143c523f6',
  ],
  [
    'mcp_tools',
    'group_id',
    'mcp_tool_groups',
    'CASCADE',
    'FK_ff7d314b0e975a69d80c7d9e63a',
    'FK_a175408b570410bdeb284437885',
  ],
  [
    'one_time_tokens',
    'user_id',
    'users',
    'CASCADE',
    'FK_0dc2deee64e514ad6f7e69504e1',
    'FK_dec0a9f0ab97791856dc35ccae4',
  ],
  [
    'personal_tokens',
    'user_id',
    'users',
    'CASCADE',
    'FK_6830bc174c3bece0fb1d4aee28b',
    'FK_5595a0a521478b0262ae357c0b6',
  ],
  [
    'second_factors',
    'user_id',
    'users',
    'CASCADE',
    'FK_16f2eb964b73e67d1f570c34825',
    'FK_716a3e29996d7429115f0a00adb',
  ],
  [
    'sessions',
    'user_id',
    'users',
    'CASCADE',
    'FK_085d540d9f418cfbdc7bd55bb19',
    'FK_32a6ac85a3a94e9d0ff397ab917',
  ],
  [
    'oidc_identities',
    'user_id',
    'users',
    'CASCADE',
    'FK_9fe6252422ff84d3a961b11b930',
    'FK_878c7ae01badb2d3c39126b39b7',
  ],
] as const;

/**
 * Foreign keys between rows of a tenant carry the tenant. Row-level security does not bind their checks: before this, a row
 * could refer to another tenant's by a guessed id, and whether that worked told that the id exists. Generated, but for
 * `SET NULL (column)`, which TypeORM cannot express and does not compare: the tenant must stay.
 */
export class TenantKeys1790000800000 implements MigrationInterface {
  name = 'TenantKeys1790000800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, constraint] of PARENTS) {
      await queryRunner.query(
        `ALTER TABLE "${table}" ADD CONSTRAINT "${constraint}" UNIQUE ("tenant_id", "id")`,
      );
    }
    for (const [table, column, parent, end, without, name] of CHILDREN) {
      const action = end === 'SET NULL' ? `SET NULL ("${column}")` : end;
      await queryRunner.query(`
        ALTER TABLE "${table}" DROP CONSTRAINT "${without}",
          ADD CONSTRAINT "${name}" FOREIGN KEY ("${column}", "tenant_id") REFERENCES "${parent}"("id", "tenant_id")
          ON DELETE ${action}
      `);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column, parent, end, without, name] of CHILDREN) {
      await queryRunner.query(`
        ALTER TABLE "${table}" DROP CONSTRAINT "${name}",
          ADD CONSTRAINT "${without}" FOREIGN KEY ("${column}") REFERENCES "${parent}"("id") ON DELETE ${end}
      `);
    }
    for (const [table, constraint] of PARENTS) {
      await queryRunner.query(`ALTER TABLE "${table}" DROP CONSTRAINT "${constraint}"`);
    }
  }
}
