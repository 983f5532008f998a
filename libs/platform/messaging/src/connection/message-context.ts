import { AsyncLocalStorage } from 'node:async_hooks';

import type { MessageContext } from '../messaging.types.js';

const storage = new AsyncLocalStorage<MessageContext>();

/** The context of the request or message that is being handled, if any. */
export const currentMessageContext = (): MessageContext | undefined => storage.getStore();

/**
 * Runs work on behalf of someone: calls and events made inside carry this actor and trace context. An HTTP
 * edge uses it; handlers of messaging get it by themselves.
 */
export const runWithMessageContext = <T>(context: MessageContext, work: () => T): T =>
  storage.run(context, work);
