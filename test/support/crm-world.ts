import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../src/access/caller.js';
import { Tenant } from '../../src/access/tenant.entity.js';
import { User } from '../../src/access/user.entity.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { loadConfig } from '../../src/platform/config.js';
import { AnalysisTools } from '../../src/crm/analysis.tools.js';
import { Consultation } from '../../src/crm/consultation.entity.js';
import { ConsultationsTools } from '../../src/crm/consultations.tools.js';
import { Conversation } from '../../src/crm/conversation.entity.js';
import { ConversationsTools } from '../../src/crm/conversations.tools.js';
import { CrmModule } from '../../src/crm/crm.module.js';
import { CustomersTools } from '../../src/crm/customers.tools.js';
import { Message } from '../../src/crm/message.entity.js';
import { PreferencesTools } from '../../src/crm/preferences.tools.js';
import { Project } from '../../src/crm/project.entity.js';
import { ProjectsTools } from '../../src/crm/projects.tools.js';
import { TasksTools } from '../../src/crm/tasks.tools.js';
import { Treatment } from '../../src/crm/treatment.entity.js';
import { UsersTools } from '../../src/crm/users.tools.js';
import { dataSourceOptions, ownerDataSourceOptions } from '../../src/boot/database/database.js';
import { type McpToolOptions, type ToolContext, ToolMetadata } from '../../src/tools/mcp-tool.decorator.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const TOOL_CLASSES = [
  UsersTools,
  CustomersTools,
  AnalysisTools,
  PreferencesTools,
  ConversationsTools,
  ConsultationsTools,
  TasksTools,
  ProjectsTools,
];
export const DAY_MS = 86_400_000;

/** What a tool answers, loosely: a test says what matters of it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Answer = any;
type ToolMethod = (args: object, ctx: ToolContext) => Promise<Answer>;
type Tool = { readonly options: McpToolOptions; readonly run: ToolMethod };

const silent = () => undefined;
const logger = { debug: silent, info: silent, warning: silent, error: silent };

/** The business system on a database of its own, with makers of rows. Its tools are called without MCP. */
export class CrmWorld {
  readonly tools: ReadonlyMap<string, Tool>;

  private constructor(
    private readonly database: TestDatabase,
    private readonly app: TestingModule,
    /** Sees the rows of all tenants. */
    readonly data: DataSource,
  ) {
    this.tools = findTools(app);
  }

  static async start(): Promise<CrmWorld> {
    const database = await createTestDatabase();
    const masterKey = Buffer.alloc(32).toString('base64');
    const config = loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: masterKey });
    const imports = [
      PlatformModule.forRoot(config),
      TypeOrmModule.forRoot(dataSourceOptions(config)),
      CrmModule,
    ];
    const app = await Test.createTestingModule({ imports }).compile();
    const data = await new DataSource({
      ...ownerDataSourceOptions(config),
      url: database.adminUrl,
    } as DataSourceOptions).initialize();
    return new CrmWorld(database, app, data);
  }

  async stop(): Promise<void> {
    await this.data.destroy();
    await this.app.close();
    await this.database.drop();
  }

  /** Calls a tool as the executor does: arguments through the tool's own schema, its configuration with defaults. */
  call(name: string, args: object, caller: Caller): Promise<Answer> {
    const tool = this.tools.get(name);
    if (!tool) throw new Error(`No tool '${name}'`);
    const config = tool.options.config?.parse({}) ?? {};
    const { signal } = new AbortController();
    const context = {
      caller: { ...caller, scope: 'tenant' as const },
      groupId: uuidv7(),
      resultMaxBytes: 1_048_576,
      config,
      signal,
      logger,
      progress: silent,
    };
    return inTenant(caller.tenantId, () => tool.run(tool.options.input.parse(args), context));
  }

  async newTenant(): Promise<Caller> {
    const tenantId = uuidv7();
    await this.data.manager.insert(Tenant, { id: tenantId, name: tenantId });
    return { kind: 'group_key', tenantId, groupId: uuidv7(), keyId: uuidv7() };
  }

  /** A customer, unless `given` says otherwise. */
  newUser({ tenantId }: Caller, given: Partial<User> = {}): Promise<User> {
    const id = uuidv7();
    const user = {
      id,
      tenantId,
      username: `u-${id}`,
      email: `${id}@example.com`,
      displayName: 'Somebody',
      roles: ['customer'],
    };
    return this.data.manager.save(this.data.manager.create(User, { ...user, ...given }));
  }

  /** Messages by turns of the AI and the customer; pairs share a time, so that only the id orders them. */
  async newConversation(user: User, messages: number): Promise<{ id: string; messageIds: string[] }> {
    const { tenantId, id: userId } = user;
    const conversation = { id: uuidv7(), tenantId, userId, channel: 'app', title: 'Talk' } as const;
    await this.data.manager.insert(Conversation, conversation);
    const rows = Array.from({ length: messages }, (_, index) => ({
      id: uuidv7(),
      tenantId,
      conversationId: conversation.id,
      userId,
      senderKind: index % 2 === 0 ? ('ai' as const) : ('customer' as const),
      content: `message ${index}`,
      createdAt: new Date(Date.now() - (messages - Math.floor(index / 2)) * 60_000),
    }));
    await this.data.manager.insert(Message, rows);
    return { id: conversation.id, messageIds: rows.map(({ id }) => id) };
  }

  newProject({ tenantId }: Caller, given: Partial<Project> = {}): Promise<Project> {
    const id = uuidv7();
    const price = { priceMinCents: 10_000, priceMaxCents: 20_000 };
    const project = {
      id,
      tenantId,
      code: `p-${id}`,
      name: 'Facial',
      category: 'skin',
      durationMinutes: 45,
      ...price,
    };
    return this.data.manager.save(this.data.manager.create(Project, { ...project, ...given }));
  }

  newConsultation(user: User, given: Partial<Consultation>): Promise<Consultation> {
    const { tenantId, id: userId } = user;
    return this.data.manager.save(
      this.data.manager.create(Consultation, { id: uuidv7(), tenantId, userId, ...given }),
    );
  }

  async newTreatment(user: User, given: Partial<Treatment>): Promise<void> {
    const { tenantId, id: userId } = user;
    await this.data.manager.insert(Treatment, { id: uuidv7(), tenantId, userId, ...given });
  }
}

function findTools(app: TestingModule): Map<string, Tool> {
  const found = new Map<string, Tool>();
  for (const toolClass of TOOL_CLASSES) {
    const provider = app.get<Record<string, ToolMethod>>(toolClass);
    for (const key of Object.getOwnPropertyNames(toolClass.prototype)) {
      const options: McpToolOptions | undefined = Reflect.getMetadata(ToolMetadata.KEY, provider[key]);
      if (options) found.set(options.name, { options, run: (args, ctx) => provider[key](args, ctx) });
    }
  }
  return found;
}
