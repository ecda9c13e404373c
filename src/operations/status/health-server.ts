import { createServer, type Server, type ServerResponse } from 'node:http';
import type { HealthService } from './health.service.js';

/** Makes the whole HTTP side of a process that serves nobody: `/health/live` and `/health/ready`, as `HealthController` has them. */
export function createHealthServer(health: HealthService): Server {
  return createServer((request, response) => {
    answer(health, request.url ?? '')
      .catch(() => ({ status: 503, body: { ready: false } })) // a probe must not end the process
      .then(({ status, body }) => send(response, status, body))
      .catch(() => response.destroy());
  });
}

async function answer(health: HealthService, url: string): Promise<{ status: number; body: object }> {
  const [path] = url.split('?');
  if (path === '/health/live') return { status: 200, body: { live: true } };
  if (path !== '/health/ready')
    return {
      status: 404,
      body: {
        success: false,
        message: 'This process works in the background; it has /health/live and /health/ready',
      },
    };
  const readiness = await health.check();
  return { status: readiness.ready ? 200 : 503, body: readiness };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
