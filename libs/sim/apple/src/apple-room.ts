import type { Route } from './http/json-server.js';

/**
 * One of Apple's services inside the simulator. A room has its own listener where the real service has one, and
 * adds routes to the two plain HTTP servers that all rooms share: the devices' and the admin's.
 */
export interface AppleRoom {
  /** Also its key in the state file. */
  readonly name: string;
  readonly deviceRoutes: readonly Route[];
  readonly adminRoutes: readonly Route[];
  /** What survives a restart, as JSON; given back to `restore`, which checks it. */
  snapshot(): unknown;
  restore(state: unknown): void;
  close(): Promise<void>;
}
