import { upsert, type Queryable, type Tx } from '@espalier/persistence';
import type { ActualState, ProfileReport, ReportedDeclaration } from '../planner/planner.types.js';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';

export interface DeclarationReport {
  readonly fullAt: number | null;
  readonly declarations: readonly ReportedDeclaration[];
}

const NOTHING_REPORTED: ActualState = { profiles: null, declarations: [], declarationsFullAt: null };

/** What devices last said they have. */
export class ActualStateStore {
  async load(on: Queryable, enrollmentIds: readonly string[]): Promise<(id: string) => ActualState> {
    const profiles = await this.profileReports(on, enrollmentIds);
    const declarations = await this.declarationReports(on, enrollmentIds);
    return (id) => {
      const [profileReport, declarationReport] = [profiles.get(id), declarations.get(id)];
      if (profileReport === undefined && declarationReport === undefined) return NOTHING_REPORTED;
      return {
        profiles: profileReport ?? null,
        declarations: declarationReport?.declarations ?? [],
        declarationsFullAt: declarationReport?.fullAt ?? null,
      };
    };
  }

  async profileReports(on: Queryable, enrollmentIds: readonly string[]): Promise<Map<string, ProfileReport>> {
    const found = new Map<string, ProfileReport>();
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{
        enrollment_id: string;
        as_of: number;
        reported_at: number;
        profiles: string;
      }>(
        'SELECT enrollment_id, as_of, reported_at, profiles FROM {profile_report} WHERE enrollment_id IN (:ids)',
        { ids: enrollmentIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows)
        found.set(row.enrollment_id, {
          asOf: row.as_of,
          reportedAt: row.reported_at,
          profiles: JSON.parse(row.profiles) as ProfileReport['profiles'],
        });
    }
    return found;
  }

  async saveProfileReports(tx: Tx, reports: ReadonlyMap<string, ProfileReport>): Promise<void> {
    await upsert(tx, 'profile_report', {
      key: ['enrollment_id'],
      rows: [...reports].map(([id, report]) => ({
        enrollment_id: id,
        as_of: report.asOf,
        reported_at: report.reportedAt,
        profiles: JSON.stringify(report.profiles),
      })),
    });
  }

  async declarationReports(
    on: Queryable,
    enrollmentIds: readonly string[],
  ): Promise<Map<string, DeclarationReport>> {
    const found = new Map<string, DeclarationReport>();
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{ enrollment_id: string; full_at: number | null; declarations: string }>(
        'SELECT enrollment_id, full_at, declarations FROM {declaration_report} WHERE enrollment_id IN (:ids)',
        { ids: enrollmentIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows)
        found.set(row.enrollment_id, {
          fullAt: row.full_at,
          declarations: JSON.parse(row.declarations) as ReportedDeclaration[],
        });
    }
    return found;
  }

  async saveDeclarationReports(tx: Tx, reports: ReadonlyMap<string, DeclarationReport>): Promise<void> {
    await upsert(tx, 'declaration_report', {
      key: ['enrollment_id'],
      rows: [...reports].map(([id, report]) => ({
        enrollment_id: id,
        full_at: report.fullAt,
        declarations: JSON.stringify(report.declarations),
      })),
    });
  }
}
