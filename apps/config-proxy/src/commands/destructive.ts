import { disruptiveRequestTypes } from '@espalier/contracts';
import { commandMetadata } from '@espalier/mdm-protocol';

const disruptive = new Set(disruptiveRequestTypes);

/** True where a command needs the scope `commands:destructive`. What nobody knows might do anything. */
export const isDestructive = (requestType: string): boolean =>
  commandMetadata(requestType).destructive || disruptive.has(requestType);
