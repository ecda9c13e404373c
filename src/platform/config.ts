import { resolve } from 'node:path';
import { z } from 'zod';
import { databaseUrlsOf, type DatabaseUrls } from './database/database-urls.js';
import { hostNameOf } from './network/host-name.js';
import { type Given, readEnvironment } from './environment.js';
import {
  address,
  boolean,
  databaseUrl,
  headerList,
  hostNames,
  httpUrl,
  list,
  listOddValues,
  masterKey,
  pageUrl,
  tiers,
  trust,
  wholeNumber,
} from './setting-rules.js';
import { withoutTrailingSlashes } from './trailing-slashes.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * Every environment variable we read, with its default and its rule. `.env.example` lists the same names (a test
 * compares them); nothing else in the code reads the environment.
 */
export const environmentSchema = z.object({
  PORT: wholeNumber(0, 65_535).default(8000),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a host name or an address, without http://')
    .default('127.0.0.1'),
  WORKERS: wholeNumber(1, 64).default(1),
  ROLE: z.enum(['all', 'server', 'worker']).default('all'),
  PUBLIC_URL: pageUrl.optional(),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_APP_URL: databaseUrl.optional(),
  DATABASE_SYSTEM_URL: databaseUrl.optional(),
  DATABASE_LOG_URL: databaseUrl.optional(),
  DATABASE_POOL_MAX: wholeNumber(1, 500).default(16),
  DATA_DIR: z.string().default('./data'),
  MIGRATE_ON_START: boolean.default(true),
  MIGRATE_WAIT_SECONDS: wholeNumber(1, 86_400).default(120),
  TOOLCRIB_MASTER_KEY: masterKey.optional(),
  TOOLCRIB_MASTER_KEY_PREVIOUS: masterKey.optional(),
  ADMIN_EMAIL: address.default('admin@toolcrib.local'),
  ADMIN_PASSWORD: z.string().min(10).max(256).optional(),
  SAMPLE_DATA: boolean.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('log'),
  ALLOWED_HOSTS: hostNames.optional(),
  ALLOWED_ORIGINS: hostNames.optional(),
  TRUST_PROXY: trust.optional(),
  TRUST_PROXY_HEADER: z.enum(['x-forwarded-for', 'forwarded']).optional(),
  AUTH_RATE_LIMIT: wholeNumber(1, 1_000_000).default(60),
  ACCESS_TOKEN_MINUTES: wholeNumber(1, 1440).default(15),
  REFRESH_TOKEN_DAYS: wholeNumber(1, 365).default(30),
  SIGN_IN_FAILURES_PER_ADDRESS: wholeNumber(5, 1_000_000).default(100),
  REGISTRATIONS_PER_HOUR: wholeNumber(1, 1_000_000).default(20),
  TENANT_REGISTRATIONS_PER_MINUTE: wholeNumber(1, 1_000_000).default(600),
  USER_TIERS: tiers.prefault('internal,vip,standard'),
  OIDC_ALLOW_LOOPBACK_HTTP: boolean.default(false),
  OIDC_PRIVATE_NETWORKS: boolean.default(false),
  MCP_FAST_LANE: boolean.default(true),
  MCP_BODY_MAX_BYTES: wholeNumber(1024, 268_435_456).default(4_194_304),
  MCP_BODY_TIMEOUT_MS: wholeNumber(100, 600_000).default(10_000),
  MCP_JSON_MAX_DEPTH: wholeNumber(8, 1000).default(64),
  MCP_BATCH_MAX: wholeNumber(1, 1000).default(50),
  MCP_PAGE_SIZE: wholeNumber(1, 10_000).default(1000),
  MCP_LIST_TTL_MS: wholeNumber(0, 86_400_000).default(0),
  MCP_SESSION_IDLE_SECONDS: wholeNumber(1, 604_800).default(3600),
  MCP_SESSIONS_MAX: wholeNumber(1, 100_000).default(1000),
  MCP_LISTENERS_MAX: wholeNumber(1, 1_000_000).default(10_000),
  MCP_KEEPALIVE_MS: wholeNumber(1000, 600_000).default(15_000),
  MCP_PROGRESS_INTERVAL_MS: wholeNumber(100, 600_000).default(10_000),
  TOOL_TIMEOUT_SECONDS: wholeNumber(1, 3600).default(30),
  TOOL_ARGUMENTS_MAX_BYTES: wholeNumber(1024, 268_435_456).default(1_048_576),
  TOOL_ARGUMENTS_MAX_DEPTH: wholeNumber(1, 1000).default(64),
  TOOL_ARGUMENTS_MAX_VALUES: wholeNumber(10, 10_000_000).default(10_000),
  TOOL_BREAKER_FAILURES: wholeNumber(0, 1000).default(10),
  TOOL_BREAKER_RESET_SECONDS: wholeNumber(1, 3600).default(30),
  TOOL_RESULT_MAX_BYTES: wholeNumber(1024, 268_435_456).default(1_048_576),
  TOOL_RESULT_KEEP_SECONDS: wholeNumber(1, 604_800).default(3600),
  TOOL_RESULT_KEEP_MAX_BYTES: wholeNumber(1024, 268_435_456).default(4_194_304),
  TOOL_RESULT_KEEP_TENANT_BYTES: wholeNumber(1024, 1_099_511_627_776).default(268_435_456),
  KEPT_ANSWERS_PER_TENANT: wholeNumber(10, 10_000_000).default(100_000),
  KEPT_ANSWERS_TENANT_BYTES: wholeNumber(1024, 1_099_511_627_776).default(268_435_456),
  TOOL_EFFECT_KEEP_HOURS: wholeNumber(1, 720).default(24),
  TOOL_THREADS_MAX: wholeNumber(1, 256).default(2),
  TOOL_THREAD_MEMORY_MIB: wholeNumber(32, 65_536).default(128),
  TOOL_THREAD_QUEUE_MAX: wholeNumber(0, 100_000).default(100),
  AGENT_SOFT_BUDGET_MS: wholeNumber(100, 600_000).default(3000),
  AGENT_HARD_BUDGET_MS: wholeNumber(100, 600_000).default(30_000),
  AGENT_ANSWER_MAX_BYTES: wholeNumber(256, 16_777_216).default(65_536),
  AGENT_BREAKER_FAILURES: wholeNumber(0, 1000).default(10),
  AGENT_BREAKER_RESET_SECONDS: wholeNumber(1, 3600).default(30),
  AGENT_PRIVATE_NETWORKS: boolean.default(false),
  UPSTREAM_STDIO: z.enum(['operating', 'all', 'off']).default('operating'),
  UPSTREAM_PRIVATE_NETWORKS: boolean.default(false),
  UPSTREAM_ENVIRONMENT: list.optional(),
  UPSTREAM_CONNECT_SECONDS: wholeNumber(1, 600).default(30),
  UPSTREAM_IDLE_SECONDS: wholeNumber(1, 86_400).default(300),
  UPSTREAM_REFRESH_MINUTES: wholeNumber(1, 10_080).default(60),
  ACCOUNT_PAGE_URL: pageUrl.optional(),
  NOTIFICATION_TIMEOUT_MS: wholeNumber(100, 50_000).default(10_000),
  NOTIFICATION_KEEP_DAYS: wholeNumber(1, 3650).default(90),
  NOTIFICATION_PRIVATE_NETWORKS: boolean.default(false),
  ALERT_KEEP_DAYS: wholeNumber(1, 36_500).default(400),
  CALL_LOG_MAX_BYTES: wholeNumber(256, 16_777_216).default(65_536),
  CALL_LOG_QUEUE_MAX: wholeNumber(1, 1_000_000).default(10_000),
  CALL_LOG_QUEUE_MAX_BYTES: wholeNumber(1_048_576, 4_294_967_296).default(67_108_864),
  CALL_LOG_WAIT_MS: wholeNumber(100, 600_000).default(10_000),
  CLOCK_LEAP_MAX_HOURS: wholeNumber(1, 8760).default(72),
  CALL_LOG_KEEP_DAYS: wholeNumber(0, 36_500).default(0),
  CALL_LOG_MERGE_AFTER_DAYS: wholeNumber(0, 3650).default(7),
  CALL_LOG_FORWARD_OTLP_URL: httpUrl.optional(),
  CALL_LOG_FORWARD_OTLP_HEADERS: headerList.optional(),
  CALL_LOG_FORWARD_SYSLOG_URL: z.url({ protocol: /^(udp|tcp|tls)$/ }).optional(),
  CALL_LOG_FORWARD_SYSLOG_CA: z.string().optional(),
  CALL_LOG_FORWARD_PAYLOADS: boolean.default(false),
  REPLICA_NAME: z.string().min(1).max(255).optional(),
  REPLICA_LEASE_MS: wholeNumber(500, 600_000).default(5000),
  CHANGE_WAIT_MS: wholeNumber(10, 60_000).default(2000),
  CHECKPOINT_KEY: masterKey.optional(),
  CHECKPOINT_KEY_PREVIOUS: masterKey.optional(),
  CHECKPOINT_EVERY_SECONDS: wholeNumber(1, 86_400).default(60),
  CHECKPOINT_FILE: z.string().optional(),
  CHECKPOINT_WEBHOOK_URL: httpUrl.optional(),
  CHECKPOINT_BUCKET_URL: httpUrl.optional(),
  CHECKPOINT_BUCKET_REGION: z.string().default('us-east-1'),
  CHECKPOINT_BUCKET_KEY_ID: z.string().optional(),
  CHECKPOINT_BUCKET_SECRET: z.string().optional(),
  TENANT_DELETE_BATCH_ROWS: wholeNumber(1, 100_000).default(2000),
  JOBS_CONCURRENCY: wholeNumber(0, 1000).default(10),
  JOBS_LEASE_MS: wholeNumber(500, 3_600_000).default(15_000),
  JOBS_KEEP_DAYS: wholeNumber(1, 3650).default(14),
  AUTOMATION_KEEP_DAYS: wholeNumber(1, 3650).default(400),
  LIVE_HEARTBEAT_MS: wholeNumber(200, 600_000).default(25_000),
  LIVE_SIGN_IN_MS: wholeNumber(100, 600_000).default(10_000),
  LIVE_CONNECTIONS_PER_USER: wholeNumber(1, 10_000).default(10),
  LIVE_CONNECTIONS_PER_TENANT: wholeNumber(1, 1_000_000).default(1000),
  LIVE_MESSAGE_MAX_BYTES: wholeNumber(1024, 1_048_576).default(16_384),
  LIVE_MESSAGES_PER_MINUTE: wholeNumber(4, 1_000_000).default(120),
  LIVE_UNREAD_MAX_BYTES: wholeNumber(65_536, 268_435_456).default(1_048_576),
  LIVE_EVENTS_KEEP_DAYS: wholeNumber(1, 3650).default(7),
  SHUTDOWN_GRACE_MS: wholeNumber(0, 600_000).default(10_000),
});

export type Environment = z.output<typeof environmentSchema>;

const MASTER_KEY_MISSING =
  'TOOLCRIB_MASTER_KEY: must be set when DATABASE_URL is; make one with: openssl rand -base64 32 ' +
  '(keep it: without it the stored group keys cannot be read)';

const ROLE_NEEDS_DATABASE =
  'ROLE: only all is possible with the embedded database, which one process has to itself; set DATABASE_URL to run workers apart';

const S3_KEYS_MISSING = 'CHECKPOINT_BUCKET_URL: needs CHECKPOINT_BUCKET_KEY_ID and CHECKPOINT_BUCKET_SECRET';

/** One message that names every wrong variable; the process ends with it. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** What the start finds out: the embedded server's addresses and its keys. */
type Resolved = {
  readonly databaseUrls?: DatabaseUrls;
  readonly masterKeys?: readonly Buffer[];
  readonly checkpointKey?: Buffer;
};

/** The service's settings, validated, with everything derived from them. Inject it by its class. */
export class Config {
  readonly port: number;
  readonly host: string;
  /** Where clients reach us, without a trailing slash. */
  readonly publicUrl: string;
  /** The path of {@link publicUrl}, without a trailing slash; mostly empty. */
  readonly publicPath: string;
  /** One address per role; undefined: an embedded server under {@link dataDir}, not open yet. */
  private readonly knownDatabaseUrls: DatabaseUrls | undefined;
  /** 32 bytes each, the present one first; empty until the embedded start has made or read those under {@link dataDir}. */
  readonly masterKeys: readonly Buffer[];
  /** 32 bytes that sign checkpoints and removals of the call log; undefined: nothing is signed. */
  readonly checkpointKey: Buffer | undefined;
  readonly dataDir: string;
  readonly sampleData: boolean;
  /** Host names that a request's `Host` may carry; undefined: any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Host names of the origins a browser may call from. */
  readonly allowedOrigins: readonly string[];

  constructor(
    readonly env: Environment,
    resolved: Resolved = {},
  ) {
    this.port = env.PORT;
    this.host = env.HOST;
    this.knownDatabaseUrls = resolved.databaseUrls ?? databaseUrlsOf(env);
    this.masterKeys = resolved.masterKeys ?? masterKeysOf(env);
    this.checkpointKey = env.CHECKPOINT_KEY ?? resolved.checkpointKey;
    this.dataDir = resolve(env.DATA_DIR);
    this.sampleData = env.SAMPLE_DATA ?? env.DATABASE_URL === undefined;
    const reachableHost = ['0.0.0.0', '::'].includes(env.HOST) ? 'localhost' : env.HOST;
    const bracketed = reachableHost.includes(':') ? `[${reachableHost}]` : reachableHost;
    this.publicUrl = withoutTrailingSlashes(env.PUBLIC_URL ?? `http://${bracketed}:${env.PORT}`);
    this.publicPath = withoutTrailingSlashes(new URL(this.publicUrl).pathname);
    const own = [...new Set(['localhost', '127.0.0.1', '[::1]', hostNameOf(new URL(this.publicUrl).host)!])];
    const loopbackOnly = LOOPBACK_HOSTS.includes(env.HOST);
    this.allowedHosts = env.ALLOWED_HOSTS?.includes('*')
      ? undefined
      : (env.ALLOWED_HOSTS ?? (loopbackOnly ? own : undefined));
    this.allowedOrigins = env.ALLOWED_ORIGINS ?? own;
  }

  /** Whether the operator brings a database; else we start one. */
  get bringsDatabase(): boolean {
    return this.env.DATABASE_URL !== undefined;
  }

  /** @throws {Error} Before the embedded server is open. */
  get databaseUrls(): DatabaseUrls {
    if (this.knownDatabaseUrls) return this.knownDatabaseUrls;
    throw new Error('The database is not known yet; the start must open one first');
  }

  /** The same settings for a process that other replicas know by this name. */
  named(replicaName: string): Config {
    const { masterKeys, checkpointKey, knownDatabaseUrls: databaseUrls } = this;
    return new Config(
      { ...this.env, REPLICA_NAME: replicaName },
      { databaseUrls, masterKeys, checkpointKey },
    );
  }

  /** The same settings with what the start found out: the embedded server's address and its keys. */
  with(resolved: Resolved): Config {
    const { masterKeys, checkpointKey } = this;
    const known = { databaseUrls: this.knownDatabaseUrls, masterKeys, checkpointKey };
    return new Config(this.env, { ...known, ...resolved });
  }
}

/**
 * Reads `.env` (variables that are already set win) and validates the environment once.
 *
 * @throws {ConfigError} Names every wrong variable and what it should be.
 */
export function loadConfig(environment?: Record<string, string | undefined>): Config {
  const names = Object.keys(environmentSchema.shape);
  const given: Given = environment ? { environment, problems: [] } : readEnvironment(names);
  const set = Object.fromEntries(
    Object.entries(given.environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(set);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const problems = [...given.problems, ...wrong, ...listOddValues(set, names), ...driversSettings(set)];
  if (set['DATABASE_URL'] && !set['TOOLCRIB_MASTER_KEY']) problems.push(MASTER_KEY_MISSING);
  if (parsed.success && parsed.data.ROLE !== 'all' && !set['DATABASE_URL'])
    problems.push(ROLE_NEEDS_DATABASE);
  if (set['CHECKPOINT_BUCKET_URL'] && !(set['CHECKPOINT_BUCKET_KEY_ID'] && set['CHECKPOINT_BUCKET_SECRET']))
    problems.push(S3_KEYS_MISSING);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return new Config(parsed.data);
}

function masterKeysOf(env: Environment): Buffer[] {
  const { TOOLCRIB_MASTER_KEY: present, TOOLCRIB_MASTER_KEY_PREVIOUS: previous } = env;
  return [present, previous].filter((key) => key !== undefined);
}

/** What the PostgreSQL driver would read from the environment, where leaving it out makes a connection less safe or fail. */
function driversSettings(set: Record<string, string | undefined>): string[] {
  const url = set['DATABASE_URL'];
  if (url === undefined || !URL.canParse(url)) return [];
  const { password, searchParams } = new URL(url);
  const isTls = ['sslmode', 'ssl', 'sslnegotiation'].some((name) => searchParams.has(name));
  const wantsTls = /^(?:require|verify-ca|verify-full|no-verify)$/.test(set['PGSSLMODE'] ?? '');
  return [
    ...(wantsTls && !isTls
      ? [`PGSSLMODE: is not read; add ?sslmode=${set['PGSSLMODE']} to DATABASE_URL`]
      : []),
    ...(set['PGPASSWORD'] && password === '' ? ['PGPASSWORD: is not read; put it into DATABASE_URL'] : []),
  ];
}
