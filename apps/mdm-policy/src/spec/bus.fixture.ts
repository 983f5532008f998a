import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServiceInterface } from '@espalier/contracts';
import { connectMessaging, type Messaging } from '@espalier/messaging';
import { createLogger } from '@espalier/service-kit';
import type { NatsServer } from '@espalier/testing';

export const COLLECTION = 'ESP00014';
export const versionOf = (ciId: string): string => ciId.toUpperCase();

export const logger = createLogger({ service: 'mdm-policy', replica: 'spec', level: 'silent' });

/** Time that specs set, the same for the service and its stand-ins. */
export class SpecClock {
  #offset = 0;
  readonly now = (): Date => new Date(Date.now() + this.#offset);

  advance(ms: number): void {
    this.#offset += ms;
  }
}

export async function connect(
  service: ServiceInterface,
  server: NatsServer,
  replica: string,
): Promise<Messaging> {
  const messaging = connectMessaging({ service, servers: [server.url], logger, replica });
  await messaging.whenReady(20_000);
  return messaging;
}

/** Resolves when the database holds what is waited for: nothing tells of that. */
export async function untilStored(what: string, condition: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  while (!(await condition())) {
    if (signal.aborted) throw new Error(`waited too long until ${what}`);
    await nextTurn();
  }
}

/** Tells specs that something happened. */
export class Happenings {
  readonly #events = new EventEmitter().setMaxListeners(0);

  happened(): void {
    this.#events.emit('happened');
  }

  /** Resolves when the condition holds; looked at whenever something happens. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    while (!(await condition()))
      await once(this.#events, 'happened', { signal }).catch(() => {
        throw new Error(`waited too long until ${what}`);
      });
  }
}
