import { Injectable } from '@nestjs/common';
import {
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { Config } from '../../platform/config.js';
import { programEnvironment } from '../../platform/environment.js';
import { UnavailableError } from '../../platform/errors.js';
import { GuardedFetch } from '../../platform/network/guarded-fetch.js';
import { reachesNobody } from '../../platform/network/guarded-http.js';
import type { OutputTail } from './output-tail.js';
import { StdioTransport } from './stdio-transport.js';
import type { UpstreamTarget, UpstreamTransport } from './upstream-settings.js';
import { WebSocketTransport } from './websocket-transport.js';

/** What a program says beside the protocol. */
export type ProgramOutput = { readonly stderr: OutputTail; readonly onNoise: () => void };

/** A way to an upstream, and what ends the connections that it keeps. */
export type MadeTransport = { readonly transport: Transport; readonly release: () => void };

/** Makes the way to an upstream, through the fence around private networks. */
@Injectable()
export class TransportMaker {
  constructor(private readonly config: Config) {}

  make(kind: UpstreamTransport, target: UpstreamTarget, output: ProgramOutput): MadeTransport {
    if (kind === 'stdio') return { transport: this.startProgram(target, output), release: () => undefined };
    const { UPSTREAM_PRIVATE_NETWORKS: privateNetworks } = this.config.env;
    const { headers } = target;
    const url = new URL(target.url ?? '');
    if (kind === 'ws')
      return {
        transport: new WebSocketTransport(url, { headers, privateNetworks }),
        release: () => undefined,
      };
    const guarded = new GuardedFetch({ privateNetworks, headers });
    const options = { fetch: guarded.fetch };
    return {
      transport:
        kind === 'sse'
          ? new SSEClientTransport(url, options)
          : new StreamableHTTPClientTransport(url, options),
      release: () => guarded.close(),
    };
  }

  private startProgram({ command, args, env, cwd }: UpstreamTarget, output: ProgramOutput): StdioTransport {
    if (reachesNobody()) throw new UnavailableError('This process starts nobody’s programs');
    const given = Object.entries({ ...programEnvironment(), ...env }).flatMap(
      ([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]),
    );
    return new StdioTransport({
      command: command ?? '',
      args,
      cwd: cwd ?? '/',
      env: Object.fromEntries(given),
      ...output,
    });
  }
}
