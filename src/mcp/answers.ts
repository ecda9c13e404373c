import type { ServerResponse } from 'node:http';
import { wellFormedJson } from '../platform/well-formed-json.js';
import type { HttpRefusal } from './http-refusal.js';
import type { RpcAnswer, RpcId } from './rpc-message.js';

export function rpcResult(id: RpcId, result: unknown): RpcAnswer {
  return { jsonrpc: '2.0', id, result };
}

export function rpcError(id: RpcId, error: { code: number; message: string; data?: unknown }): RpcAnswer {
  const { code, message, data } = error;
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendText(response, status, wellFormedJson(body));
}

export function sendText(response: ServerResponse, status: number, json: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(json),
  });
  response.end(json);
}

/** A JSON answer made of parts, the large ones ready since long: they go out as they are, not copied into one text. */
export function sendParts(response: ServerResponse, parts: readonly Buffer[]): void {
  if (response.headersSent || response.destroyed) return;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': length });
  for (const part of parts) response.write(part);
  response.end();
}

export function sendRefusal(response: ServerResponse, refusal: HttpRefusal): void {
  if (!response.headersSent) {
    for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
    if (refusal.closes) response.setHeader('Connection', 'close');
  }
  sendJson(response, refusal.status, rpcError(refusal.id ?? null, refusal));
}
