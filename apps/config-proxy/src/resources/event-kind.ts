import type { EventContract } from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';

/** Tells events of several contracts apart. */
export const isOf = <C extends EventContract>(
  event: ReceivedEvent,
  contract: C,
): event is ReceivedEvent<C> & ReceivedEvent => event.contract.subject === contract.subject;
