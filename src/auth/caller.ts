/**
 * Who is calling. The first argument of every service method that touches a tenant's data; built by the guards and
 * the MCP endpoint from a verified credential, never from what a request claims.
 */
export type Caller = GroupKeyCaller | UserCaller | JobCaller;

/** An application that holds a group's key. Sees the whole group and nothing else. */
export type GroupKeyCaller = {
  readonly kind: 'group_key';
  readonly tenantId: string;
  readonly groupId: string;
  readonly keyId: string;
};

/** A person who signed in. */
export type UserCaller = {
  readonly kind: 'user';
  readonly tenantId: string;
  readonly userId: string;
  readonly email: string;
  readonly roles: readonly string[];
};

/** Work of our own: the sample generator, a background job. */
export type JobCaller = {
  readonly kind: 'job';
  readonly tenantId: string;
  readonly job: string;
};
