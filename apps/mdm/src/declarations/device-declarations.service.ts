import { declarationsReported, type DeclarationStatus } from '@espalier/contracts';
import {
  buildDeclarationItems,
  buildSyncTokens,
  MdmProtocolError,
  parseEndpoint,
  parseStatusReport,
  resolveEnrollment,
  type DeclarativeEndpoint,
  type DeclarativeManagementMessage,
} from '@espalier/mdm-protocol';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, TimeRecorder, Tx } from '@espalier/persistence';
import { fitEvent } from '../event-size/fit-event.js';
import { identityErrors } from '../identity/identity.errors.js';
import type { DeviceIdentity } from '../identity/identity.service.js';
import type { AssignmentStore, DeclaringEnrollment } from './assignment.store.js';
import type { DeclarationCache } from './declaration-cache.js';
import { declarationsTokenOf, EMPTY_SET_ID } from './declaration-set.js';
import { declarationErrors } from './declaration.errors.js';
import { mergeStatus } from './merge-status.js';

export interface DeviceDeclarationsOptions {
  readonly db: Database;
  readonly assignments: AssignmentStore;
  readonly cache: DeclarationCache;
  readonly events: EventPublisher<Tx>;
  readonly lastSeen: Pick<TimeRecorder, 'touch'>;
  readonly now: () => Date;
}

/** Answers what devices ask about their declarations (Apple, "Declarative management protocol"). */
export class DeviceDeclarationsService {
  constructor(private readonly options: DeviceDeclarationsOptions) {}

  /**
   * @returns JSON; undefined for a status, which has no answer
   * @throws MdmProtocolError, EspalierError ESP_MDM_IDENTITY_NOT_PINNED, ESP_MDM_DECLARATION_UNKNOWN
   */
  async answer(message: DeclarativeManagementMessage, identity: DeviceIdentity): Promise<Buffer | undefined> {
    const { id } = resolveEnrollment(message.enrollment);
    const endpoint = parseEndpoint(message.endpoint);
    const body =
      endpoint.name === 'status'
        ? await this.#takeStatus(id, identity, message.data)
        : await this.#serve(id, identity, endpoint);
    this.options.lastSeen.touch(id);
    return body;
  }

  async #serve(id: string, identity: DeviceIdentity, endpoint: DeclarativeEndpoint): Promise<Buffer> {
    const enrollment = await this.options.assignments.find(id);
    requireEnrolled(enrollment, id, identity);
    switch (endpoint.name) {
      case 'tokens':
        return buildSyncTokens({
          declarationsToken: declarationsTokenOf(enrollment.set_id ?? EMPTY_SET_ID, enrollment.sync_mark),
          timestamp: new Date(enrollment.set_at ?? 0),
        });
      case 'declaration-items':
        return this.#manifest(id, identity, enrollment);
      case 'declaration':
        return this.#declaration(enrollment, endpoint.kind, endpoint.identifier);
      case 'status':
        throw new TypeError('a status is taken, not served');
    }
  }

  /** What is advertised here is what is served until the next time, see #declaration. */
  async #manifest(id: string, identity: DeviceIdentity, enrollment: DeclaringEnrollment): Promise<Buffer> {
    const { db, assignments, cache } = this.options;
    let current: DeclaringEnrollment | undefined = enrollment;
    for (;;) {
      requireEnrolled(current, id, identity);
      const setId = current.set_id;
      if (setId === null) return buildDeclarationItems({ declarationsToken: EMPTY_SET_ID, declarations: [] });
      if (current.advertised_set_id === setId || (await assignments.advertise(id, setId)))
        return buildDeclarationItems({
          declarationsToken: declarationsTokenOf(setId, current.sync_mark),
          declarations: await cache.itemsOf(db, setId),
        });
      // It got another set since we looked.
      current = await assignments.find(id);
    }
  }

  /**
   * The device asks for what it was told of, and says no version: where its set has changed since, it still gets the
   * version that it was told of, and then sees by the token that there is another. What the enrolment is no longer to
   * have, it does not get.
   */
  async #declaration(enrollment: DeclaringEnrollment, kind: string, identifier: string): Promise<Buffer> {
    const { db, cache } = this.options;
    const inSet = async (setId: string | null): Promise<string | undefined> => {
      const items = setId === null ? [] : await cache.itemsOf(db, setId);
      return items.find((item) => item.kind === kind && item.identifier === identifier)?.id;
    };
    const assigned = await inSet(enrollment.set_id);
    const advertised = assigned === undefined ? undefined : await inSet(enrollment.advertised_set_id);
    const found = advertised ?? assigned;
    const body = found === undefined ? undefined : (await cache.bodies(db, [found])).get(found);
    if (body === undefined)
      throw declarationErrors.ESP_MDM_DECLARATION_UNKNOWN({ detail: `${kind}/${identifier.slice(0, 64)}` });
    return body;
  }

  async #takeStatus(id: string, identity: DeviceIdentity, data: Buffer | undefined): Promise<undefined> {
    if (data === undefined) throw new MdmProtocolError('is missing', 'Data');
    const { full, declarations } = parseStatusReport(data);
    const { db, assignments, cache, events } = this.options;
    const at = this.options.now().getTime();
    await db.transaction(async (tx) => {
      const before = await assignments.lockStatus(tx, id);
      requireEnrolled(before, id, identity);
      // About other things than declarations.
      if (declarations === undefined) return;
      const told: DeclarationStatus[] = declarations.map((state) => ({
        ...state,
        reasons: state.reasons.map(({ code, description = '' }) => ({ code, description })),
      }));
      const known = before.status === null ? [] : (JSON.parse(before.status) as DeclarationStatus[]);
      const { advertised_set_id: setId } = before;
      const advertised = setId === null ? undefined : await cache.itemsOf(tx, setId);
      const merged = full ? told : mergeStatus(known, told, advertised);
      await assignments.saveStatus(tx, id, JSON.stringify(fitEvent(merged, withoutReasons)), at);
      await events.publish(tx, declarationsReported, {
        enrollmentId: id,
        at,
        full,
        declarations: fitEvent(told, withoutReasons),
      });
    });
  }
}

const withoutReasons = (status: DeclarationStatus): DeclarationStatus => ({ ...status, reasons: [] });

function requireEnrolled<T extends Pick<DeclaringEnrollment, 'state' | 'fingerprint'>>(
  enrollment: T | undefined,
  id: string,
  identity: DeviceIdentity,
): asserts enrollment is T {
  if (enrollment?.fingerprint !== identity.fingerprint)
    throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: id });
  if (enrollment.state !== 'enrolled')
    throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: 'The enrolment is not complete, or over.' });
}
