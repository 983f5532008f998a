import type { commandCompleted, QueuedCommand } from '@espalier/contracts';
import type { z } from 'zod';

/** The event that tells how a command ended. */
export function completion(command: QueuedCommand, at: number): z.output<typeof commandCompleted.payload> {
  const { id, commandId, enrollmentId, requestType, state, errorChain, createdAt, pushedAt, sentAt } =
    command;
  return { id, commandId, enrollmentId, requestType, at, state, errorChain, createdAt, pushedAt, sentAt };
}
