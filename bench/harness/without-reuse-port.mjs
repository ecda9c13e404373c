// Preloaded into workers (`NODE_OPTIONS=--import`): they listen by way of the process that forked them, as node:cluster has it.
import cluster from 'node:cluster';
import { Server } from 'node:net';

if (cluster.isWorker) {
  const { listen } = Server.prototype;
  Server.prototype.listen = function listenByCluster(options, ...rest) {
    if (options?.reusePort) return listen.call(this, { ...options, reusePort: false }, ...rest);
    return listen.call(this, options, ...rest);
  };
}
