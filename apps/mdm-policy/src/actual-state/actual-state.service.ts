import type { DeclarationStatus, InstalledProfile } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { AgendaStore } from '../agenda/agenda.store.js';
import type { EnrollmentStore } from '../enrollments/enrollment.store.js';
import type { ProfileReport, ReportedDeclaration } from '../planner/planner.types.js';
import type { ActualStateStore, DeclarationReport } from './actual-state.store.js';

/** A device's answer to ProfileList. */
export interface ProfileAnswer {
  readonly enrollmentId: string;
  readonly at: number;
  readonly askedAt: number;
  readonly profiles: readonly InstalledProfile[];
}

/** A device's status of its declarations. */
export interface DeclarationAnswer {
  readonly enrollmentId: string;
  readonly at: number;
  readonly full: boolean;
  readonly declarations: readonly DeclarationStatus[];
}

export interface ActualStateServiceOptions {
  readonly store: ActualStateStore;
  readonly enrollments: EnrollmentStore;
  readonly agenda: AgendaStore;
  readonly now: () => Date;
}

/** A device that lists more than any device has is told of no further. */
const MOST_DECLARATIONS = 1_000;
const MOST_REASON_CHARACTERS = 500;

/** Takes in what devices say they have; an older answer never replaces a newer one. */
export class ActualStateService {
  constructor(private readonly options: ActualStateServiceOptions) {}

  async handleProfiles(tx: Tx, answers: readonly ProfileAnswer[]): Promise<void> {
    const { store } = this.options;
    const current = await this.#ofThisEnrollment(tx, answers);
    const reports = await store.profileReports(tx, [
      ...new Set(current.map((answer) => answer.enrollmentId)),
    ]);
    const newer = new Map<string, ProfileReport>();
    for (const { enrollmentId, at, askedAt, profiles } of current) {
      const before = newer.get(enrollmentId) ?? reports.get(enrollmentId);
      if (before !== undefined && before.asOf >= askedAt) continue;
      newer.set(enrollmentId, { asOf: askedAt, reportedAt: at, profiles: profiles.map(toReported) });
    }
    await store.saveProfileReports(tx, newer);
  }

  async handleDeclarations(tx: Tx, answers: readonly DeclarationAnswer[]): Promise<void> {
    const { store } = this.options;
    const current = await this.#ofThisEnrollment(tx, answers);
    const reports = await store.declarationReports(tx, [
      ...new Set(current.map((answer) => answer.enrollmentId)),
    ]);
    const changed = new Map<string, DeclarationReport>();
    for (const answer of current) {
      const before = changed.get(answer.enrollmentId) ?? reports.get(answer.enrollmentId);
      changed.set(answer.enrollmentId, merge(before ?? { fullAt: null, declarations: [] }, answer));
    }
    await store.saveDeclarationReports(tx, changed);
  }

  /** Locks the enrolments; what is from before the current enrolment is left out. */
  async #ofThisEnrollment<A extends { enrollmentId: string; at: number }>(
    tx: Tx,
    answers: readonly A[],
  ): Promise<A[]> {
    const { agenda, enrollments, now } = this.options;
    const ids = [...new Set(answers.map((answer) => answer.enrollmentId))];
    await agenda.touch(tx, ids, now().getTime());
    const known = await enrollments.load(tx, ids);
    return answers.filter((answer) => {
      const enrollment = known.get(answer.enrollmentId);
      return enrollment === undefined || answer.at >= enrollment.epoch_at;
    });
  }
}

function toReported({
  identifier,
  uuid,
  managed,
  payloadTypes,
}: InstalledProfile): ProfileReport['profiles'][number] {
  return { identifier, uuid, managed, enrolls: payloadTypes.includes('com.apple.mdm') };
}

function merge(before: DeclarationReport, { at, full, declarations }: DeclarationAnswer): DeclarationReport {
  if (at < (before.fullAt ?? 0)) return before;
  const byIdentifier = new Map<string, ReportedDeclaration>(
    before.declarations
      .filter((declaration) => !full || declaration.reportedAt > at)
      .map((declaration) => [declaration.identifier, declaration]),
  );
  for (const { kind, identifier, serverToken, active, valid, reasons } of declarations) {
    // Activations follow from configurations; what a device says of those decides.
    if (kind === 'activation') continue;
    if (byIdentifier.size >= MOST_DECLARATIONS && !byIdentifier.has(identifier)) continue;
    if ((byIdentifier.get(identifier)?.reportedAt ?? 0) > at) continue;
    const said = reasons
      .map(({ code, description }) => (description === '' ? code : `${description} (${code})`))
      .join('; ');
    byIdentifier.set(identifier, {
      identifier,
      serverToken,
      active,
      valid,
      reasons: said.slice(0, MOST_REASON_CHARACTERS),
      reportedAt: at,
    });
  }
  return { fullAt: full ? at : before.fullAt, declarations: [...byIdentifier.values()] };
}
