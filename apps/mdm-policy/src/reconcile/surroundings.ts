import type { MaintenanceWindow, PolicyDeployment } from '@espalier/contracts';
import type { Queryable } from '@espalier/persistence';
import type { ActualStateStore } from '../actual-state/actual-state.store.js';
import type { AgendaEntry } from '../agenda/agenda.store.js';
import type { DeploymentStore } from '../deployments/deployment.store.js';
import type { EnrollmentRow, EnrollmentStore } from '../enrollments/enrollment.store.js';
import type { ActualState, Assignment, ManagedItem, PlannerInput } from '../planner/planner.types.js';
import type { AssignmentRow, AssignmentStore } from '../policy-items/assignment.store.js';
import type { ManagedItemStore } from '../policy-items/managed-item.store.js';
import type { ScopeStore } from '../scopes/scope.store.js';

/** Everything that is known of one enrolment. */
export interface Surroundings {
  readonly agenda: AgendaEntry;
  /** Undefined: only its collections are known. */
  readonly enrollment: EnrollmentRow | undefined;
  readonly deployments: readonly PolicyDeployment[];
  readonly windows: readonly MaintenanceWindow[];
  /** Since when it is a member, by collection. */
  readonly memberSince: ReadonlyMap<string, number>;
  readonly actual: ActualState;
  readonly items: readonly ManagedItem[];
  readonly assignments: readonly AssignmentRow[];
}

export interface SurroundingsStores {
  readonly enrollments: EnrollmentStore;
  readonly scopes: ScopeStore;
  readonly deployments: DeploymentStore;
  readonly actual: ActualStateStore;
  readonly items: ManagedItemStore;
  readonly assignments: AssignmentStore;
}

/** Loads what is known of enrolments: a fixed number of statements, however many they are. */
export async function loadSurroundings(
  on: Queryable,
  stores: SurroundingsStores,
  agenda: readonly AgendaEntry[],
): Promise<Surroundings[]> {
  const ids = agenda.map((entry) => entry.enrollment_id);
  if (ids.length === 0) return [];
  const enrollments = await stores.enrollments.loadWithDeviceFacts(on, ids);
  const memberships = Map.groupBy(await stores.scopes.memberships(on, ids), (row) => row.enrollment_id);
  const collections = [
    ...new Set([...memberships.values()].flat().map((membership) => membership.collection_id)),
  ];
  const windows = await stores.scopes.windowsOf(on, collections);
  const deployments = Map.groupBy(
    await stores.deployments.ofCollections(on, collections),
    (deployment) => deployment.collectionId,
  );
  const actual = await stores.actual.load(on, ids);
  const items = await stores.items.load(on, ids);
  const assignments = await stores.assignments.load(on, ids);
  return agenda.map((entry) => {
    const id = entry.enrollment_id;
    const memberSince = new Map((memberships.get(id) ?? []).map((row) => [row.collection_id, row.since]));
    const inScope = [...memberSince.keys()];
    return {
      agenda: entry,
      enrollment: enrollments.get(id),
      deployments: inScope.flatMap((collection) => deployments.get(collection) ?? []),
      windows: inScope.flatMap((collection) => windows.get(collection) ?? []),
      memberSince,
      actual: actual(id),
      items: items.get(id) ?? [],
      assignments: assignments.get(id) ?? [],
    };
  });
}

/** What the planner gets of it; undefined where the enrolment itself is not known. */
export function plannerInput(
  { agenda, enrollment, deployments, windows, memberSince, actual, items, assignments }: Surroundings,
  now: number,
  checkEveryMs: number,
): PlannerInput | undefined {
  if (enrollment === undefined) return undefined;
  const known = new Map<string, Assignment>(
    deployments.map(({ id, collectionId, createdAt }) => [
      id,
      { targetedAt: Math.max(memberSince.get(collectionId) ?? now, createdAt), evaluatedAt: null },
    ]),
  );
  for (const { deployment_id, targeted_at, evaluated_at } of assignments)
    known.set(deployment_id, { targetedAt: targeted_at, evaluatedAt: evaluated_at });
  return {
    now,
    enrollment: {
      id: enrollment.id,
      kind: enrollment.kind,
      state: enrollment.state,
      platform: enrollment.platform,
      timeZone: enrollment.time_zone,
    },
    deployments,
    assignments: known,
    windows,
    actual,
    items,
    questions: {
      profilesAskedAt: agenda.profiles_asked_at,
      deviceAskedAt: agenda.device_asked_at,
      wanted: agenda.is_wanted === 1,
    },
    checkEveryMs,
  };
}
