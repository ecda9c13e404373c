// HTTP/1.1 over one kept-alive socket. Written by hand because a general client costs more CPU a
// request than a bare node:http server does, and would be the bottleneck.
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

const EMPTY = Buffer.alloc(0);

export class HttpConnection {
  constructor(host, port, timeoutMs) {
    this.host = host;
    this.port = port;
    this.timeoutMs = timeoutMs;
    this.socket = null;
    this.opened = 0;
    this.pending = null;
    this.timer = null;
  }

  open() {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.host, port: this.port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('data', (chunk) => this.#onData(chunk));
        socket.on('error', (error) => this.#onLost(socket, error));
        socket.on('close', () => this.#onLost(socket, new Error('connection closed')));
        this.socket = socket;
        this.opened++;
        this.timer = setInterval(() => this.#expire(), 250);
        this.#reset();
        resolve();
      });
    });
  }

  /** Sends one request (its whole text) and resolves with {status, headers, body}. */
  async request(text) {
    if (!this.socket) await this.open();
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject, deadline: performance.now() + this.timeoutMs };
      this.socket.write(text);
    });
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    clearInterval(this.timer);
    socket?.destroy();
  }

  #expire() {
    if (!this.pending || performance.now() < this.pending.deadline) return;
    this.close();
    this.#fail(new Error('timeout'));
  }

  #reset() {
    this.buffer = EMPTY;
    this.state = 'head';
    this.wanted = 0;
    this.parts = [];
    this.response = null;
  }

  #onLost(socket, error) {
    if (this.socket !== socket) return;
    this.close();
    if (this.state === 'until-close') this.#complete();
    else this.#fail(error);
  }

  #fail(error) {
    const pending = this.pending;
    this.pending = null;
    pending?.reject(error);
  }

  #complete() {
    const { response, parts, pending } = this;
    response.body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    this.#reset();
    if (response.headers.connection === 'close') this.close();
    this.pending = null;
    pending?.resolve(response);
  }

  #onData(chunk) {
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, chunk]) : chunk;
    while (this.#step());
  }

  /** Advances the parser once; false when it needs more bytes or the response is complete. */
  #step() {
    switch (this.state) {
      case 'head': {
        const end = this.buffer.indexOf('\r\n\r\n');
        if (end < 0) return false;
        const head = this.buffer.latin1Slice(0, end);
        this.buffer = this.buffer.subarray(end + 4);
        return this.#onHead(head);
      }
      case 'length':
        if (!this.#take()) return false;
        this.#complete();
        return false;
      case 'until-close':
        this.parts.push(this.buffer);
        this.buffer = EMPTY;
        return false;
      case 'chunk-size': {
        const end = this.buffer.indexOf('\r\n');
        if (end < 0) return false;
        this.wanted = parseInt(this.buffer.latin1Slice(0, end), 16);
        this.buffer = this.buffer.subarray(end + 2);
        this.state = this.wanted === 0 ? 'trailer' : 'chunk-data';
        return true;
      }
      case 'chunk-data':
        if (!this.#take()) return false;
        this.state = 'chunk-end';
        return true;
      case 'chunk-end':
        if (this.buffer.length < 2) return false;
        this.buffer = this.buffer.subarray(2);
        this.state = 'chunk-size';
        return true;
      case 'trailer': {
        const end = this.buffer.indexOf('\r\n');
        if (end < 0) return false;
        this.buffer = this.buffer.subarray(end + 2);
        if (end > 0) return true;
        this.#complete();
        return false;
      }
    }
  }

  #onHead(head) {
    const lines = head.split('\r\n');
    const status = Number(lines[0].slice(9, 12));
    if (status < 200) return true; // 1xx: the real head follows
    const headers = {};
    for (let i = 1; i < lines.length; i++) {
      const colon = lines[i].indexOf(':');
      headers[lines[i].slice(0, colon).toLowerCase()] = lines[i].slice(colon + 1).trim();
    }
    this.response = { status, headers, body: EMPTY };
    if (headers['transfer-encoding'] === 'chunked') {
      this.state = 'chunk-size';
      return true;
    }
    const length = headers['content-length'];
    if (length === undefined && status !== 204 && status !== 304) {
      this.state = 'until-close';
      return this.buffer.length > 0;
    }
    this.wanted = Number(length ?? 0);
    if (this.wanted === 0) {
      this.#complete();
      return false;
    }
    this.state = 'length';
    return true;
  }

  /** Moves up to `wanted` bytes of body from the buffer; true when none are wanted any more. */
  #take() {
    const count = Math.min(this.wanted, this.buffer.length);
    if (count === 0) return false;
    this.parts.push(this.buffer.subarray(0, count));
    this.buffer = this.buffer.subarray(count);
    this.wanted -= count;
    return this.wanted === 0;
  }
}
