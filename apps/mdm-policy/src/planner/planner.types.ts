import type {
  InventoryKind,
  MaintenanceWindow,
  PolicyDecision,
  PolicyDeployment,
  PolicyItem,
} from '@espalier/contracts';

export type Platform = PolicyItem['platforms'][number];
/** What MDM can carry out. */
export type ManagedKind = 'profile' | 'declaration';

/** What is known of an enrolment. Times everywhere: epoch ms. */
export interface EnrollmentFacts {
  readonly id: string;
  readonly kind: 'device' | 'user';
  readonly state: 'pending' | 'enrolled' | 'removed';
  /** Null until the device told. */
  readonly platform: Platform | null;
  /** IANA; null until the device told: UTC then. */
  readonly timeZone: string | null;
}

export interface ReportedProfile {
  readonly identifier: string;
  /** PayloadUUID. */
  readonly uuid: string;
  /** False: installed by hand, where the device says so; null: it does not say (Macs, supervised devices). */
  readonly managed: boolean | null;
  /** It enrols the device: never touched. */
  readonly enrolls: boolean;
}

/** All that is installed. */
export interface ProfileReport {
  /** When the device fetched the question: what was done after that does not show. */
  readonly asOf: number;
  readonly reportedAt: number;
  readonly profiles: readonly ReportedProfile[];
}

export interface ReportedDeclaration {
  readonly identifier: string;
  readonly serverToken: string;
  readonly active: boolean;
  readonly valid: 'valid' | 'invalid' | 'unknown';
  /** As the device says it, for people; empty where it gave none. */
  readonly reasons: string;
  readonly reportedAt: number;
}

/** What a device last said. */
export interface ActualState {
  readonly profiles: ProfileReport | null;
  readonly declarations: readonly ReportedDeclaration[];
  /** When all declarations were last told, so that what is not named is not there; null: never. */
  readonly declarationsFullAt: number | null;
}

/**
 * How far the way to a goal is. `idle`: to be acted on (again) as soon as time and windows allow. `planned`: mdm is
 * about to be asked. `queued`: mdm has the command.
 */
export type ItemPhase = 'idle' | 'planned' | 'queued' | 'acknowledged' | 'verified';

/** What we did about one identifier on one enrolment: the memory of the planner. */
export interface ManagedItem {
  readonly kind: ManagedKind;
  readonly identifier: string;
  readonly goal: 'present' | 'absent';
  /** What the device shows once the goal `present` is reached: PayloadUUID or server token. */
  readonly version: string;
  readonly ciId: string;
  readonly revision: number;
  /** On whose behalf. */
  readonly deploymentId: string;
  /** We asked for its installation at least once: so we may take it off. */
  readonly owned: boolean;
  readonly phase: ItemPhase;
  /** The request to mdm that carries the action. */
  readonly handoverId: string | null;
  readonly commandId: string | null;
  /** Actions for this goal so far. */
  readonly attempts: number;
  /** How often a declaration got another server token, as comparing did not help; missing: never. */
  readonly renewals?: number;
  /** Failures and drifts since it last was stable: what the back-off grows with. */
  readonly strikes: number;
  /** Not acted on before: back-off. */
  readonly notBefore: number | null;
  /** Why `notBefore` is set. */
  readonly setback: 'failure' | 'drift' | null;
  /** When the last action was decided. */
  readonly actedAt: number | null;
  readonly queuedAt: number | null;
  readonly pushedAt: number | null;
  readonly fetchedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly verifiedAt: number | null;
  /** For people. */
  readonly lastError: string | null;
  /** As in `MCInstallationErrorDomain 4001`. */
  readonly errorCode: string | null;
}

/** When an enrolment came into the scope of a deployment, and when that was first looked at. */
export interface Assignment {
  readonly targetedAt: number;
  readonly evaluatedAt: number | null;
}

/** What was asked of the device, and when to ask by ourselves. */
export interface Questions {
  readonly profilesAskedAt: number | null;
  readonly deviceAskedAt: number | null;
  /** Somebody wants to know now. */
  readonly wanted: boolean;
}

export interface PlannerInput {
  readonly now: number;
  readonly enrollment: EnrollmentFacts;
  /** Deployments to collections that the enrolment is a member of; none that is deleted. */
  readonly deployments: readonly PolicyDeployment[];
  /** By deployment id, also of deployments that are out of scope and not gone yet. */
  readonly assignments: ReadonlyMap<string, Assignment>;
  /** Of all collections that the enrolment is a member of. */
  readonly windows: readonly MaintenanceWindow[];
  readonly actual: ActualState;
  readonly items: readonly ManagedItem[];
  readonly questions: Questions;
  /** How often an enrolment with managed profiles is asked what it has. */
  readonly checkEveryMs: number;
}

/** A declaration that an enrolment is to have. */
export type DeclaredItem = Pick<ManagedItem, 'identifier' | 'version' | 'ciId' | 'revision' | 'renewals'>;

/** One thing to ask of mdm. */
export type PolicyAction =
  | {
      readonly type: 'install';
      readonly identifier: string;
      readonly ciId: string;
      readonly revision: number;
    }
  | { readonly type: 'remove'; readonly identifier: string }
  /**
   * The whole set of declarations, and the identifiers whose way it begins. `resync`: one of them was set back, so the
   * device is asked to compare what it has with the set even where that is the same as before.
   */
  | {
      readonly type: 'declare';
      readonly set: readonly DeclaredItem[];
      readonly identifiers: readonly string[];
      readonly resync: boolean;
    }
  | { readonly type: 'ask'; readonly kinds: readonly InventoryKind[] };

/** What is thought of one item of one deployment. */
export interface Decision extends PolicyDecision {
  readonly errorCode: string | null;
}

export interface Plan {
  /** Of each item of each deployment in scope, and of what is taken off. */
  readonly decisions: readonly Decision[];
  /** The memory from now on; what is not in it is forgotten. */
  readonly items: readonly ManagedItem[];
  readonly actions: readonly PolicyAction[];
  readonly questions: Questions;
  /** When to look again at the latest; null: only when something happens. */
  readonly nextAt: number | null;
}
