import { Injectable } from '@nestjs/common';
import { settledVersion } from '../call-client.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { cutText } from '../../platform/cut-text.js';

export type RememberedClient = { readonly name: string; readonly version: string };

const CLIENTS_MAX = 2000;

/**
 * What a client without a session said of itself when it last called `initialize`: for the record of its calls, which
 * carry neither its name nor the revision it settled on. In this replica's memory and by appearance only (key and
 * network address), so nothing but the record may depend on it.
 */
@Injectable()
export class ClientMemory {
  private readonly byClient = new Map<string, RememberedClient>();

  /** @param params Of an `initialize` that was checked. */
  remember(client: string, params: unknown): void {
    const { clientInfo, protocolVersion } = params as { clientInfo?: unknown; protocolVersion: string };
    if (!isPlainObject(clientInfo)) return;
    const version = settledVersion(protocolVersion);
    this.byClient.delete(client);
    this.byClient.set(client, { name: cutText(String(clientInfo['name']), 100), version });
    for (const oldest of this.byClient.keys()) {
      if (this.byClient.size <= CLIENTS_MAX) return;
      this.byClient.delete(oldest);
    }
  }

  recall(client: string): RememberedClient | undefined {
    return this.byClient.get(client);
  }
}
