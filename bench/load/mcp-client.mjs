// MCP: what a request looks like in each protocol, and how a response is read and verified

const CLIENT_INFO = { name: 'mcp-load', version: '1.0.0' };
const MODERN = '2026-07-28';
export const PROTOCOLS = ['session', 'stateless', MODERN];
export const PLACEHOLDER = '{{n}}';

class McpError extends Error {
  constructor(kind, detail) {
    super(detail ? `${kind}: ${String(detail).slice(0, 300)}` : kind);
    this.kind = kind;
  }
}

/** 2026-07-28 has no handshake: every request carries what initialize used to. */
function withEnvelope(protocol, params) {
  if (protocol !== MODERN) return params;
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return { ...params, _meta };
}

/** The text of a tools/call request after its id, split where the number goes. */
export function splitCall(protocol, tool, args) {
  const params = withEnvelope(protocol, { name: tool, arguments: args });
  return `"method":"tools/call","params":${JSON.stringify(params)}}`.split(PLACEHOLDER);
}

/** The JSON-RPC response with this id in an SSE body. */
function messageFromSse(text, id) {
  let data = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('data:')) {
      data += (data ? '\n' : '') + line.slice(line[5] === ' ' ? 6 : 5);
    } else if ((line === '' || line === '\r') && data) {
      const message = JSON.parse(data);
      if (message.id === id && !message.method) return message;
      data = '';
    }
  }
  return undefined;
}

function readResponse(response, id) {
  if (response.status !== 200) throw new McpError(`http ${response.status}`, response.body);
  const type = response.headers['content-type'] ?? '';
  const text = response.body.toString();
  const message = type.startsWith('text/event-stream') ? messageFromSse(text, id) : JSON.parse(text);
  if (!message || message.id !== id) throw new McpError('no response with the id', text);
  if (message.error) {
    throw new McpError(`json-rpc ${message.error.code}`, message.error.message);
  }
  return message.result;
}

export class McpClient {
  #sessionId;
  #sessionVersion; // what the server agreed to in initialize
  #nextId;
  #verifiedList;

  constructor(options, connection, ids = { next: 1 }) {
    this.options = options;
    this.connection = connection;
    this.#nextId = ids;
    this.lastResponse = null;
    this.#buildHead();
  }

  get sessionId() {
    return this.#sessionId;
  }

  get sessionVersion() {
    return this.#sessionVersion;
  }

  useSession(sessionId, version) {
    this.#sessionId = sessionId;
    this.#sessionVersion = version;
    this.#buildHead();
  }

  #buildHead() {
    const { url, protocol, protocolVersion, headers } = this.options;
    const lines = [
      `POST ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      ...headers,
    ];
    const version = {
      session: this.#sessionVersion,
      stateless: protocolVersion,
      [MODERN]: MODERN,
    }[protocol];
    if (version) lines.push(`MCP-Protocol-Version: ${version}`);
    if (this.#sessionId) lines.push(`Mcp-Session-Id: ${this.#sessionId}`);
    this.head = lines.join('\r\n');
  }

  #requestText(method, name, body) {
    let head = this.head;
    if (this.options.protocol === MODERN) {
      head += `\r\nMcp-Method: ${method}`;
      if (name) head += `\r\nMcp-Name: ${name}`;
    }
    return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  async #send(id, method, name, body) {
    return readResponse(await this.#exchange(method, name, body), id);
  }

  async #exchange(method, name, body) {
    this.lastResponse = await this.connection.request(this.#requestText(method, name, body));
    return this.lastResponse;
  }

  request(method, params, name) {
    const id = this.#nextId.next++;
    return this.#send(id, method, name, this.#bodyOf(id, method, params));
  }

  #bodyOf(id, method, params) {
    return JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: withEnvelope(this.options.protocol, params),
    });
  }

  async notify(method) {
    const body = JSON.stringify({ jsonrpc: '2.0', method });
    const response = await this.connection.request(this.#requestText(method, undefined, body));
    if (response.status >= 300) throw new McpError(`http ${response.status}`, response.body);
  }

  async initialize() {
    const result = await this.request('initialize', {
      protocolVersion: this.options.protocolVersion,
      capabilities: {},
      clientInfo: CLIENT_INFO,
    });
    this.useSession(this.lastResponse.headers['mcp-session-id'], result.protocolVersion);
    await this.notify('notifications/initialized');
    return result;
  }

  /** Ends the session. Best effort: a server may answer 405. */
  async terminate() {
    if (!this.#sessionId) return;
    const text = `${this.head.replace('POST', 'DELETE')}\r\nContent-Length: 0\r\n\r\n`;
    await this.connection.request(text).catch(() => {});
  }

  /** tools/call with the next number in place of {{n}}; verifies the text that comes back. */
  async callTool() {
    const { tool, callParts, expect } = this.options;
    const id = this.#nextId.next++;
    const body = `{"jsonrpc":"2.0","id":${id},${callParts.join(id)}`;
    const result = await this.#send(id, 'tools/call', tool, body);
    if (result.isError) throw new McpError('tool error', JSON.stringify(result.content));
    if (expect === undefined) return;
    const text = result.content?.map((block) => block.text ?? '').join('') ?? '';
    if (text !== expect.replaceAll(PLACEHOLDER, id)) throw new McpError('wrong content', text);
  }

  /**
   * tools/list through all its pages; verifies the number of tools. A first page that is the last one, too, is read once;
   * later ones must be the same bytes but for the id: reading 1000 tools costs more than sending them.
   */
  async listTools() {
    const id = this.#nextId.next++;
    const response = await this.#exchange('tools/list', undefined, this.#bodyOf(id, 'tools/list', {}));
    if (response.status === 200 && this.#verifiedList?.matches(response.body, id)) return;
    const page = readResponse(response, id);
    const tools = [...page.tools];
    for (let cursor = page.nextCursor; cursor;) {
      const next = await this.request('tools/list', { cursor });
      tools.push(...next.tools);
      cursor = next.nextCursor;
    }
    const { expectTools } = this.options;
    if (expectTools !== undefined && tools.length !== expectTools) {
      throw new McpError('wrong number of tools', tools.length);
    }
    if (!page.nextCursor) this.#verifiedList = new KnownAnswer(response.body, id);
  }
}

/** An answer that was read and found right. */
class KnownAnswer {
  constructor(body, id) {
    const at = body.indexOf(`"id":${id}`);
    const end = at + `"id":${id}`.length;
    this.before = body.subarray(0, at);
    this.after = body.subarray(end);
  }

  /** Whether this is the same answer to another id. */
  matches(body, id) {
    const middle = Buffer.from(`"id":${id}`);
    const { before, after } = this;
    return (
      body.length === before.length + middle.length + after.length &&
      body.compare(before, 0, before.length, 0, before.length) === 0 &&
      body.compare(middle, 0, middle.length, before.length, before.length + middle.length) === 0 &&
      body.compare(after, 0, after.length, before.length + middle.length) === 0
    );
  }
}
