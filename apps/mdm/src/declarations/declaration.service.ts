import { createHash } from 'node:crypto';
import {
  mdmErrors,
  type DeclarationStatus,
  type getDeclarations,
  type setDeclarations,
} from '@espalier/contracts';
import { buildSyncTokens, rawCommand } from '@espalier/mdm-protocol';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { z } from 'zod';
import type { CommandQueueStore } from '../command-queue/command-queue.store.js';
import type { IntakeService } from '../command-queue/intake.service.js';
import type { PushScheduler } from '../push/push.service.js';
import type { AssignmentStore } from './assignment.store.js';
import { bodyPlace, type DeclarationCache } from './declaration-cache.js';
import { declarationSet, declarationsTokenOf, EMPTY_SET_ID, type DeclarationSet } from './declaration-set.js';
import type { DeclarationStore } from './declaration.store.js';

type SetRequest = z.output<typeof setDeclarations.request>;
type Declared = z.output<typeof getDeclarations.response>;

export interface DeclarationServiceOptions {
  readonly db: Database;
  readonly store: DeclarationStore;
  readonly assignments: AssignmentStore;
  readonly cache: DeclarationCache;
  readonly queue: CommandQueueStore;
  readonly intake: IntakeService;
  readonly push: PushScheduler;
  readonly vault: Keyring;
  readonly now: () => Date;
  readonly uuid: () => string;
}

const REQUEST_TYPE = 'DeclarativeManagement';
const HOUR_MS = 3_600_000;

/** Which declarations enrolments are to have, and what they said of them; for other services. */
export class DeclarationService {
  constructor(private readonly options: DeclarationServiceOptions) {}

  /**
   * Gives all the enrolments one set, and has those synchronise that had another one, or all (`resync`). An enrolment
   * never has two commands that it has not fetched: the one that waits then says what the new one would.
   * @throws EspalierError ESP_MDM_DECLARATIONS_INVALID, ESP_MDM_DECLARATION_TOKEN_REUSED, ESP_MDM_REQUEST_ID_REUSED,
   * ESP_MDM_ENROLLMENT_UNKNOWN, ESP_MDM_ENROLLMENT_NOT_ACTIVE
   */
  async set(request: SetRequest): Promise<z.output<typeof setDeclarations.response>> {
    const { intake, assignments, queue, push } = this.options;
    const set = declarationSet(request.declarations);
    const once = { requestId: request.requestId, hash: hashOf(request, set) };
    const { commands, skipped } = await intake.once(once, async (tx) => {
      const { targets, skipped } = await intake.targets(tx, request.enrollmentIds, request.onInactive);
      const ids = targets.map((target) => target.id);
      const now = this.options.now();
      await this.#store(tx, set, now.getTime());
      const changed =
        request.resync === true ? ids : await assignments.withAnotherSet(tx, ids, set.id, EMPTY_SET_ID);
      const mark = markOf(request);
      await assignments.assign(tx, changed, { id: set.id, mark }, now.getTime());
      const token = declarationsTokenOf(set.id, mark);
      const commandId = await this.#command(tx, request, once.hash, token, now, skipped);
      const told = new Set(await queue.takeOverUnfetched(tx, changed, REQUEST_TYPE, commandId));
      const orders = changed
        .filter((id) => !told.has(id))
        .map((enrollmentId) => ({
          commandId,
          requestType: REQUEST_TYPE,
          enrollmentId,
          createdAt: now.getTime(),
          createdBy: request.createdBy,
          inventory: null,
        }));
      await intake.enqueue(tx, orders, false);
      if (changed.length > 0) await push.schedule(tx, changed);
      return { commandId, commands: await queue.ofCommand(tx, commandId), skipped };
    });
    return {
      declarationsToken: declarationsTokenOf(set.id, markOf(request)),
      commands: commands.map(({ enrollmentId, id }) => ({ enrollmentId, id })),
      skipped,
    };
  }

  /** @throws EspalierError ESP_MDM_ENROLLMENT_UNKNOWN */
  async get(enrollmentId: string): Promise<Declared> {
    const found = await this.options.assignments.ofEnrollment(enrollmentId);
    if (found === undefined) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: enrollmentId });
    const items =
      found.set_id === null ? [] : await this.options.cache.itemsOf(this.options.db, found.set_id);
    return {
      declarations: items.map(({ identifier, type, serverToken }) => ({ identifier, type, serverToken })),
      declarationsToken: found.set_id === null ? null : declarationsTokenOf(found.set_id, found.sync_mark),
      status: found.status === null ? [] : (JSON.parse(found.status) as DeclarationStatus[]),
      statusAt: found.status_at,
    };
  }

  async #store(tx: Tx, set: DeclarationSet, now: number): Promise<void> {
    const { store, cache, vault } = this.options;
    const ids = set.declarations.map((declaration) => declaration.id);
    const stored = await cache.bodies(tx, await store.touch(tx, ids, now, now - HOUR_MS));
    for (const { id, kind, identifier, body } of set.declarations)
      if (stored.get(id)?.equals(body) === false)
        // Devices fetch by token: those that have it would never get this payload.
        throw mdmErrors.ESP_MDM_DECLARATION_TOKEN_REUSED({ detail: `${kind}/${identifier}` });
    const fresh = set.declarations
      .filter(({ id }) => !stored.has(id))
      .map((declaration) => ({
        ...declaration,
        bodySealed: vault.seal(declaration.body, bodyPlace(declaration.id)),
      }));
    await store.insertDeclarations(tx, fresh, now);
    await store.saveSet(tx, set.id, ids, now);
  }

  /** The command carries the tokens, which saves devices a round trip (Apple, "DeclarativeManagementCommand"). */
  async #command(
    tx: Tx,
    request: SetRequest,
    requestHash: Buffer,
    declarationsToken: string,
    now: Date,
    skipped: readonly string[],
  ): Promise<string> {
    const id = this.options.uuid();
    await this.options.intake.addCommand(tx, {
      id,
      requestId: request.requestId,
      requestHash,
      command: rawCommand({
        RequestType: REQUEST_TYPE,
        Data: buildSyncTokens({ declarationsToken, timestamp: now }),
      }),
      createdAt: now.getTime(),
      createdBy: request.createdBy,
      skipped,
    });
    return id;
  }
}

/** Of the request, so that it is the same where a request is repeated. */
function markOf({ requestId, resync }: SetRequest): string | null {
  return resync === true ? createHash('sha256').update(requestId).digest('hex').slice(0, 12) : null;
}

function hashOf(request: SetRequest, set: DeclarationSet): Buffer {
  const hash = createHash('sha256');
  const { enrollmentIds, createdBy, onInactive, resync } = request;
  const said = [REQUEST_TYPE, [...new Set(enrollmentIds)].sort(), createdBy, onInactive];
  hash.update(JSON.stringify(resync === true ? [...said, 'resync'] : said));
  for (const { body } of set.declarations) hash.update(body);
  return hash.digest();
}
