import { randomBytes, randomUUID } from 'node:crypto';
import { TimeRecorder, type Database } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import { AdministratorController } from '../administrators/administrator.controller.js';
import { AdministratorDirectory } from '../administrators/administrator.directory.js';
import { AdministratorService } from '../administrators/administrator.service.js';
import { AdministratorStore } from '../administrators/administrator.store.js';
import { ApiTokenController } from '../api-tokens/api-token.controller.js';
import { ApiTokenService } from '../api-tokens/api-token.service.js';
import { ApiTokenStore } from '../api-tokens/api-token.store.js';
import { TokenVerifier } from '../api-tokens/token-verifier.js';
import { CollectionStore } from '../collections/collection.store.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { MdmClient } from '../mdm/mdm.client.js';
import { RoleController } from '../roles/role.controller.js';
import { AccessService } from './access.service.js';
import type { Authenticator } from './authenticator.js';
import type { Caller } from './caller.js';
import { ConsoleGate } from './console.gate.js';
import { FailureLimiter } from './failure-limiter.js';
import { Visibility } from './visibility.service.js';
import { VisibilityStore } from './visibility.store.js';

export interface AccessSurroundings {
  readonly db: Database;
  readonly mdm: Pick<MdmClient, 'ask'>;
  /** Ways to sign in besides API tokens, in the order in which they are tried. */
  readonly authenticators: readonly Authenticator[];
  /** How long tokens and accounts that were made or changed count as new, in ms. */
  readonly restMs: number;
  readonly logger: Logger;
  readonly now: () => Date;
}

const LAST_USED_FLUSH_MS = 30_000;

/** Rooms of people and what they may do: the gate, administrators, roles, API tokens. */
export type AccessRooms = ReturnType<typeof buildAccessRooms>;

export const accessControllers = [ApiTokenController, AdministratorController, RoleController] as const;

/** Connects the rooms. */
export function buildAccessRooms(surroundings: AccessSurroundings) {
  const { db, mdm, authenticators, restMs, logger, now } = surroundings;
  const store = new ApiTokenStore(db);
  const verifier = new TokenVerifier({ store, now });
  const administratorStore = new AdministratorStore();
  const directory = new AdministratorDirectory({ db, store: administratorStore, now });
  const tokens = new ApiTokenService({
    store,
    verifier,
    administratorExists: async (id) => (await administratorStore.known(db, id)) !== undefined,
    restMs,
    logger,
    now,
    uuid: randomUUID,
    randomBytes,
  });
  const administrators = new AdministratorService({
    db,
    store: administratorStore,
    directory,
    idempotency: new IdempotencyService(db, now),
    collections: new CollectionStore(),
    forgetTokens: (tx, id) => store.deleteOf(tx, id),
    logger,
    now,
    uuid: randomUUID,
  });
  const access = new AccessService({ verifier, directory, now });
  const visibility = new Visibility({ db, store: new VisibilityStore(), mdm });
  const lastUsed = new TimeRecorder({
    what: 'last uses of tokens',
    write: (times) => store.writeLastUsed(times),
    logger,
    now,
    flushMs: LAST_USED_FLUSH_MS,
  });
  const gate = new ConsoleGate({
    access,
    visibility,
    lastUsed,
    limiter: new FailureLimiter({ now }),
    authenticators,
  });
  return {
    gate,
    tokens,
    administrators,
    visibility,
    /** For whoever keeps a caller after the request: rejects where they would not be let in any more. */
    checkAgain: async (caller: Caller): Promise<void> => {
      await access.checkAgain(caller, 'events:read');
      if (caller.token !== undefined) lastUsed.touch(caller.token.id);
    },
    stop: () => lastUsed.stop(),
  };
}

/** What the controllers need; `Visibility` is for those of other rooms too. */
export const accessProviders = ({ tokens, administrators, visibility }: AccessRooms) => [
  { provide: ApiTokenService, useValue: tokens },
  { provide: AdministratorService, useValue: administrators },
  { provide: Visibility, useValue: visibility },
];
