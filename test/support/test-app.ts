import { Logger, Module, type Type } from '@nestjs/common';
import { hash } from '@node-rs/argon2';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { v7 as newId } from 'uuid';
import { AppModule } from '../../src/app.module.js';
import { createApp } from '../../src/boot/app.js';
import type { UserCaller } from '../../src/access/caller.js';
import { Tenant } from '../../src/access/tenant.entity.js';
import { User } from '../../src/access/user.entity.js';
import { configureRest } from '../../src/platform/rest/rest.js';
import { type Config, loadConfig } from '../../src/platform/config.js';
import { McpEndpoint } from '../../src/mcp/mcp-endpoint.js';
import { ownerDataSourceOptions } from '../../src/boot/database/database.js';
import { findFreePort, TEST_CHECKPOINT_KEY, TEST_MASTER_KEY } from './server.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const TEST_PASSWORD = 'correct horse battery';

export type TestTenant = {
  readonly tenantId: string;
  readonly tenantName: string;
  /** Of the tenant's owner. */
  readonly adminToken: string;
  readonly caller: UserCaller;
};

/** The fields that tests use to go on; the rest is for `toMatchObject`. */
export type Fields = { readonly [name: string]: unknown } & {
  readonly id: string;
  readonly api_key: string;
  readonly server_code: string;
  readonly server_url: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly message: string;
    readonly data: Fields;
    readonly page: { readonly limit: number; readonly next_cursor: string | null };
    readonly error: { readonly code: string; readonly details?: { field: string; message: string }[] };
  };
  /** `data` of a list. */
  readonly items: readonly Fields[];
};

export type SignedIn = { readonly access_token: string; readonly refresh_token: string };

export type RestRequest = {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

export type TestApp = {
  readonly app: NestExpressApplication;
  readonly url: string;
  readonly config: Config;
  /** As an administrator of the database server, whom row-level security does not bind: sees everything. */
  readonly dataSource: DataSource;
  readonly database: TestDatabase;
  /** A tenant of its own with an owner who is signed in. */
  newTenant(): Promise<TestTenant>;
  /** Another user of a tenant, with {@link TEST_PASSWORD}. */
  newUser(tenantId: string, roles: readonly string[]): Promise<User>;
  /** Signs in with {@link TEST_PASSWORD}. */
  signIn(email: string): Promise<SignedIn>;
  /** Calls the REST API; `path` is below `/api/v1`. */
  rest(method: string, path: string, request?: RestRequest): Promise<Answer>;
  /** Also drops the database, unless it was given. */
  close(): Promise<void>;
};

export type TestAppOptions = {
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another replica on the database of a running one. */
  readonly database?: TestDatabase;
  /** Providers with tools that only the test has. */
  readonly tools?: readonly Type[];
  /** Routes that only the test has. */
  readonly controllers?: readonly Type[];
};

/** Of {@link TEST_PASSWORD}, with the least work: most tests sign in, and few are about passwords. */
const passwordHash = hash(TEST_PASSWORD, { memoryCost: 8, timeCost: 1, parallelism: 1 });

@Module({})
class TestRoot {}

/** As `createApp` does it, with more providers and routes. */
async function createAppWithMore(
  config: Config,
  { tools = [], controllers = [] }: Pick<TestAppOptions, 'tools' | 'controllers'>,
): Promise<NestExpressApplication> {
  const root = {
    module: TestRoot,
    imports: [AppModule.forRoot(config)],
    providers: [...tools],
    controllers: [...controllers],
  };
  const app = await NestFactory.create<NestExpressApplication>(root, { bodyParser: false });
  configureRest(app, config);
  app.get(McpEndpoint).attach(app.getHttpServer());
  return app;
}

/** The real service in this process, on a free port and a real database. */
export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const config = loadConfig({
    DATABASE_URL: database.url,
    TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY,
    CHECKPOINT_KEY: TEST_CHECKPOINT_KEY,
    DATABASE_POOL_MAX: '4',
    PORT: String(await findFreePort()),
    SAMPLE_DATA: 'false',
    AUTH_RATE_LIMIT: '1000000', // all tests come from one address
    JOBS_LEASE_MS: '600000', // a lease that ran out on a busy machine would have a job run twice
    SIGN_IN_FAILURES_PER_ADDRESS: '1000000', // all tests come from one address
    ...options.env,
  });
  Logger.overrideLogger(['fatal']); // what a test provokes is told by its answer
  const app = await (options.tools || options.controllers
    ? createAppWithMore(config, options)
    : createApp(config));
  await app.listen(config.port, config.host);
  const url = config.publicUrl;
  const dataSource = await new DataSource({
    ...ownerDataSourceOptions(config),
    url: database.adminUrl,
  } as DataSourceOptions).initialize();

  const rest = async (method: string, path: string, request: RestRequest = {}): Promise<Answer> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const body = (await response.json()) as Answer['body'];
    const items = Array.isArray(body.data) ? body.data : [];
    return { status: response.status, headers: response.headers, body, items };
  };

  const newUser = async (tenantId: string, roles: readonly string[]): Promise<User> => {
    const id = newId();
    return dataSource.getRepository(User).save({
      id,
      tenantId,
      username: `user-${id}`,
      email: `${id}@example.test`,
      displayName: 'Test user',
      passwordHash: await passwordHash,
      roles: [...roles],
    });
  };

  const signIn = async (email: string): Promise<SignedIn> => {
    const answer = await rest('POST', '/auth/login', { body: { email, password: TEST_PASSWORD } });
    return answer.body.data as unknown as SignedIn;
  };

  return {
    app,
    url,
    config,
    dataSource,
    database,
    newUser,
    signIn,
    rest,
    newTenant: async () => {
      const tenantId = newId();
      const tenantName = `Tenant ${tenantId}`;
      await dataSource.getRepository(Tenant).insert({ id: tenantId, name: tenantName });
      const user = await newUser(tenantId, ['owner']);
      const { access_token: adminToken } = await signIn(user.email);
      const caller = {
        kind: 'user',
        tenantId,
        userId: user.id,
        email: user.email,
        roles: user.roles,
        tier: user.tier,
        isOperatingTenant: false,
      } as const;
      return { tenantId, tenantName, adminToken, caller };
    },
    close: async () => {
      await app.close();
      await dataSource.destroy();
      if (!options.database) await database.drop();
    },
  };
}
