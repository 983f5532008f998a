import type { EventContract } from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';

/** Tells the events of one subscription apart. */
export function isEvent<C extends EventContract>(
  event: { readonly contract: EventContract },
  contract: C,
): event is ReceivedEvent<C> {
  return event.contract.subject === contract.subject;
}
