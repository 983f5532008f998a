import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Lifecycle } from '@espalier/service-kit';

/**
 * Makes a server stop in the phases of the lifecycle: take no new connections, let answers in flight (streams too)
 * finish, then close what is left. Whoever writes endless streams must end them in the phase `intake`.
 */
export function drainOnShutdown(lifecycle: Lifecycle, name: string, server: Server): void {
  const open = new Set<ServerResponse>();
  const idle = Promise.withResolvers<void>();
  let stopping = false;

  const lastAnswer = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    open.add(response);
    if (stopping) lastAnswer(response);
    const { socket } = request;
    const done = (): void => {
      response.removeListener('close', done);
      // The response to a pipelined request may never close, but its connection does.
      socket.removeListener('close', done);
      open.delete(response);
      if (stopping && open.size === 0) idle.resolve();
    };
    response.once('close', done);
    socket.once('close', done);
  });

  lifecycle.onShutdown('intake', name, () => {
    stopping = true;
    open.forEach(lastAnswer);
    server.close();
    if (open.size === 0) idle.resolve();
  });
  lifecycle.onShutdown('work', name, () => idle.promise);
  lifecycle.onShutdown('connections', name, () => server.closeAllConnections());
}
