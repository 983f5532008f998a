import type { Messaging } from './messaging.types.js';
import type { OutboxRelay } from './outbox/outbox-relay.js';

/** What is needed of the service kit. */
export interface MessagingHost {
  readonly health: { addCheck(name: string, run: () => void): void };
  readonly lifecycle: {
    onShutdown(
      phase: 'intake' | 'work' | 'connections',
      name: string,
      run: (deadline: AbortSignal) => Promise<void>,
    ): void;
  };
}

/** Ties messaging, and the outbox relay where there is one, to a service's readiness and shutdown. */
export function attachMessaging(host: MessagingHost, messaging: Messaging, relay?: OutboxRelay): void {
  host.health.addCheck('nats', () => messaging.check());
  host.lifecycle.onShutdown('intake', 'messaging', () => messaging.stopIntake());
  host.lifecycle.onShutdown('work', 'messaging', async (deadline) => {
    await messaging.finishWork(deadline);
    // Last, so that what the handlers wrote still leaves.
    await relay?.stop();
  });
  host.lifecycle.onShutdown('connections', 'messaging', () => messaging.close());
}
