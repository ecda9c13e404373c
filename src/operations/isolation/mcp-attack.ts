import { randomUUID } from 'node:crypto';
import type { Battle } from './battle.js';
import { type Answer, send } from './http.js';
import { asOwner, type Side, type SideGroup } from './world.js';

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const STREAM_LIMIT_MS = 10_000;
const LIST_CHANGED = 'notifications/tools/list_changed';

const INITIALIZE = [
  'initialize',
  { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'check', version: '1' } },
] as const;

/** Every method that a client may send, in both eras; what a server does not have it refuses. */
const METHODS: readonly (readonly [string, Record<string, unknown>])[] = [
  INITIALIZE,
  ['server/discover', {}],
  ['ping', {}],
  ['tools/list', {}],
  ['resources/list', {}],
  ['resources/templates/list', {}],
  ['resources/read', { uri: 'toolcrib://x' }],
  ['prompts/list', {}],
  ['prompts/get', { name: 'x' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: { name: 'x', value: 'x' } }],
  ['logging/setLevel', { level: 'debug' }],
  ['tasks/list', {}],
  ['tasks/get', { taskId: 'x' }],
  ['tasks/result', { taskId: 'x' }],
  ['subscriptions/listen', { notifications: { toolsListChanged: true } }],
];

type McpRequest = {
  readonly group: SideGroup;
  readonly key: string;
  readonly method?: string;
  readonly door?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A JSON-RPC request of either era. */
export function message(
  era: 'legacy' | 'modern',
  method: string,
  params: Record<string, unknown>,
): Pick<McpRequest, 'body' | 'headers'> {
  if (era === 'legacy') return { body: { jsonrpc: '2.0', id: 1, method, params } };
  const meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'check', version: '1' },
  };
  const name = params['name'] ?? params['uri'];
  return {
    headers: {
      'mcp-protocol-version': MODERN,
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } },
  };
}

/** Attacks the MCP endpoints: keys, addresses, methods, sessions and streams. */
export class McpAttack {
  constructor(private readonly battle: Battle) {}

  async run(): Promise<void> {
    const { battle } = this;
    await battle.watched('MCP', async () => {
      await this.swapKeys();
      await this.askEverything();
      await this.swapAccessTokens();
    });
    await this.attackSessions();
    await this.listenToOthers();
  }

  post({ group, key, method = 'POST', door = 'mcp', body, headers }: McpRequest): Promise<Answer> {
    return send({
      method,
      url: `${this.battle.target.url}/mcp/${group.code}/${door}`,
      body,
      headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream', ...headers },
    });
  }

  /** A key opens its own group: not another one of its tenant, none of another tenant, and no REST route. */
  private async swapKeys(): Promise<void> {
    const { attacker, victim } = this.battle;
    const nowhere = { ...victim.group, code: `g-${randomUUID().slice(0, 12)}` };
    for (const key of [attacker.group.key, attacker.sessionGroup.key, attacker.token]) {
      for (const door of ['', 'mcp', 'sse', 'sse/messages', 'ws']) {
        const ask = (group: SideGroup) =>
          this.post({ group, key, door, ...message('legacy', 'tools/list', {}) });
        await this.refused(`MCP ${door}`, "the other tenant's address with an own key", {
          theirs: await ask(victim.group),
          nobodys: await ask(nowhere),
          values: [victim.group.code, nowhere.code],
        });
      }
    }
    const own = { group: attacker.group, key: attacker.sessionGroup.key };
    const answer = await this.post({ ...own, ...message('legacy', 'tools/list', {}) });
    if (answer.status < 400)
      this.battle.report('MCP', "an own other group's key", `accepted: ${answer.status}`);
    const rest = await send({
      method: 'GET',
      url: `${this.battle.target.url}/api/v1/admin/groups`,
      headers: { authorization: `Bearer ${attacker.group.key}` },
    });
    if (rest.status < 400) this.battle.report('REST', 'a group key as a token', `accepted: ${rest.status}`);
  }

  private async askEverything(): Promise<void> {
    const { attacker, victim } = this.battle;
    for (const era of ['legacy', 'modern'] as const) {
      for (const [method, params] of METHODS) {
        const said = message(era, method, params);
        await this.post({ group: victim.group, key: victim.group.key, ...said }); // warms what may be cached
        const answer = await this.post({ group: attacker.group, key: attacker.group.key, ...said });
        await this.battle.inspect(`MCP ${method} (${era})`, 'asked right after the other tenant', answer);
      }
    }
  }

  /** The claims of the victim under a signature that is not ours, and under none. */
  private async swapAccessTokens(): Promise<void> {
    const { attacker, victim } = this.battle;
    const [head = '', , signature = ''] = attacker.token.split('.');
    const [, claims = ''] = victim.token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    for (const token of [`${head}.${claims}.${signature}`, `${none}.${claims}.`]) {
      const answer = await asOwner(this.battle.target, { token }, 'GET', '/api/v1/admin/groups');
      if (answer.status !== 401)
        this.battle.report('REST', 'a forged access token', `answered ${answer.status}`);
    }
    for (const name of ['x-tenant-id', 'x-toolcrib-tenant', 'tenant']) {
      const answer = await send({
        method: 'GET',
        url: `${this.battle.target.url}/api/v1/admin/groups?limit=200`,
        headers: { authorization: `Bearer ${attacker.token}`, [name]: victim.tenantId },
      });
      await this.battle.inspect(
        'GET /api/v1/admin/groups',
        `header ${name} with the other tenant's id`,
        answer,
      );
    }
  }

  /** A session is its key's: with another key there is no such session, and it lives on. */
  private async attackSessions(): Promise<void> {
    const { attacker, victim } = this.battle;
    const theirs = await this.openSession(victim);
    const own = await this.openSession(attacker);
    if (!theirs || !own) {
      this.battle.report('MCP sessions', 'open', 'a group with sessions gave no Mcp-Session-Id');
      return;
    }
    const using = (session: string, method: string) => {
      const said = method === 'POST' ? message('legacy', 'tools/list', {}) : {};
      const headers = { 'mcp-session-id': session, 'mcp-protocol-version': LEGACY };
      return this.post({
        group: attacker.sessionGroup,
        key: attacker.sessionGroup.key,
        method,
        ...said,
        headers,
      });
    };
    const nobodys = randomUUID();
    for (const method of ['POST', 'GET', 'DELETE']) {
      await this.refused(`MCP session ${method}`, "the other tenant's session id", {
        theirs: await using(theirs, method),
        nobodys: await using(nobodys, method),
        values: [theirs, nobodys],
      });
    }
    const headers = { 'mcp-session-id': theirs, 'mcp-protocol-version': LEGACY };
    const { sessionGroup } = victim;
    const alive = await this.post({
      group: sessionGroup,
      key: sessionGroup.key,
      ...message('legacy', 'ping', {}),
      headers,
    });
    if (alive.status !== 200)
      this.battle.report('MCP session DELETE', "the other tenant's session id", 'ended it');
  }

  private async openSession({ sessionGroup: group }: Side): Promise<string | null> {
    const [method, params] = INITIALIZE;
    const answer = await this.post({ group, key: group.key, ...message('legacy', method, params) });
    return answer.headers.get('mcp-session-id');
  }

  /** Both listen; the victim's group changes, then the attacker's: each hears of their own and of nothing else. */
  private async listenToOthers(): Promise<void> {
    const { attacker, victim } = this.battle;
    for (const era of ['legacy', 'modern'] as const) {
      const streams = [await this.listen(victim, era), await this.listen(attacker, era)] as const;
      try {
        await this.change(victim);
        const heardByVictim = await streams[0].heard(1);
        await this.change(attacker);
        const heardByAttacker = await streams[1].heard(1);
        const where = `MCP list_changed (${era})`;
        if (!heardByVictim || !heardByAttacker) {
          this.battle.report(where, 'own change', 'was not told of it, so nothing is shown about the other');
        } else if (streams[1].count() > 1 || streams[0].count() > 1) {
          this.battle.report(where, "the other tenant's change", 'was told of it');
        }
      } finally {
        for (const stream of streams) stream.close();
      }
    }
  }

  /** Takes a tool into the group with sessions, or out of it. */
  private async change(side: Side): Promise<void> {
    const { target } = this.battle;
    const list = await asOwner(target, side, 'GET', `/api/v1/admin/tools?group_id=${side.sessionGroup.id}`);
    const [tool] = (list.json as { data?: { id: string }[] }).data ?? [];
    if (tool) {
      await asOwner(target, side, 'DELETE', `/api/v1/admin/tools/${tool.id}`);
      return;
    }
    const listed = await asOwner(target, side, 'GET', `/api/v1/admin/tools?group_id=${side.group.id}`);
    const [any] = (listed.json as { data?: { tool_name: string }[] }).data ?? [];
    const body = { tool_name: any?.tool_name };
    await asOwner(target, side, 'POST', `/api/v1/admin/groups/${side.sessionGroup.id}/tools`, body);
  }

  /** Opens a stream of notifications; it stands when this returns. */
  private async listen(side: Side, era: 'legacy' | 'modern') {
    const { sessionGroup: group } = side;
    const ended = new AbortController();
    const session = era === 'legacy' ? await this.openSession(side) : null;
    const said = message('modern', 'subscriptions/listen', { notifications: { toolsListChanged: true } });
    const response = await fetch(`${this.battle.target.url}/mcp/${group.code}/mcp`, {
      method: session ? 'GET' : 'POST',
      signal: ended.signal,
      headers: {
        authorization: `Bearer ${group.key}`,
        accept: session ? 'text/event-stream' : 'application/json, text/event-stream',
        ...(session
          ? { 'mcp-session-id': session, 'mcp-protocol-version': LEGACY }
          : { 'content-type': 'application/json', ...said.headers }),
      },
      ...(session ? {} : { body: JSON.stringify(said.body) }),
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString('utf8');
    })().catch(() => undefined);
    if (!session) await until(() => text.length > 0 || ended.signal.aborted);
    const count = () => text.split(LIST_CHANGED).length - 1;
    return {
      count,
      heard: (number: number) => until(() => count() >= number),
      close: () => {
        ended.abort();
        void reading;
      },
    };
  }

  private async refused(
    where: string,
    attack: string,
    answers: {
      readonly theirs: Answer;
      readonly nobodys: Answer;
      readonly values: readonly [string, string];
    },
  ): Promise<void> {
    const { theirs, nobodys, values } = answers;
    if (theirs.status < 400) this.battle.report(where, attack, `accepted: ${theirs.status}`);
    const probe = { label: attack, value: values[0], nobodys: values[1] };
    await this.battle.compare(where, probe, attack, { theirs, nobodys });
  }
}

async function until(isTrue: () => boolean): Promise<boolean> {
  const deadline = performance.now() + STREAM_LIMIT_MS;
  while (!isTrue()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
