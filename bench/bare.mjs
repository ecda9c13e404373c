// The limit: a JSON-RPC answer from node:http alone. No protocol checks, no key, no schema, no log.
import { createServer } from 'node:http';

createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const { id } = JSON.parse(text);
    const result = { content: [{ type: 'text', text: 'This is a simple text response for testing.' }] };
    const body = JSON.stringify({ jsonrpc: '2.0', id, result });
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  });
}).listen(Number(process.env.PORT ?? 4000), '127.0.0.1');
