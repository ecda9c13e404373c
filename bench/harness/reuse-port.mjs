// Preloaded into workers (`NODE_OPTIONS=--import`): each listens by itself, and the kernel deals connections out.
import cluster from 'node:cluster';
import { Server } from 'node:net';

if (cluster.isWorker) {
  const { listen } = Server.prototype;
  Server.prototype.listen = function listenReusing(...args) {
    const [port, host, ...rest] = args;
    if (typeof port !== 'number') return listen.apply(this, args);
    return listen.call(this, { port, host, reusePort: true }, ...rest);
  };
}
