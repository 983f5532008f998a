import type {
  DeploymentDevice,
  Enrollment,
  ExplainLink,
  ExplainLinkKind,
  ExplainLinkState,
  explainPolicy,
  Membership,
  PolicyDecision,
  PolicySteps,
  QueuedCommand,
} from '@espalier/contracts';
import type { z } from 'zod';
import type { StoredDeployment } from '../deployments/deployment.record.js';

/** What is needed of collections. */
export interface MembershipExplainer {
  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_RESOURCE_UNKNOWN */
  explainMembership(collectionId: string, resourceId: number): Promise<Membership>;
}

/** What another service said: `unknown` where it does not know the thing, `away` where it could not be asked. */
export type Heard<T> =
  | { readonly kind: 'said'; readonly value: T }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'away'; readonly service: string; readonly why: string };

export type PolicyAnswer = z.output<(typeof explainPolicy)['response']>;

/** An enrolment as this service knows it. */
export interface KnownEnrollment {
  readonly id: string;
  readonly kind: 'device' | 'user';
  readonly isActive: boolean;
  /** The member of a user collection that it belongs to. */
  readonly userResourceId: number | null;
}

/** Everything that an explanation is made of. */
export interface ExplainFacts {
  readonly now: number;
  readonly resource: { readonly id: number; readonly name: string; readonly state: string };
  readonly deployment: StoredDeployment;
  /** The deployment is of a baseline, and only one of its configuration items is asked about. */
  readonly partOfBaseline: boolean;
  readonly collection: { readonly name: string; readonly kind: 'device' | 'user' };
  /** The one that the deployment reaches the device by; undefined: there never was one. */
  readonly enrollment: KnownEnrollment | undefined;
  /** What mdm knows of it. */
  readonly mdmEnrollment: Heard<Enrollment>;
  readonly membership: Membership;
  readonly policy: Heard<PolicyAnswer>;
  /** The decision that the chain is about: of the item that has come least far. */
  readonly decision: PolicyDecision | undefined;
  /** How many items the deployment decides about on this device, and how many of them are verified. */
  readonly decided: { readonly total: number; readonly verified: number };
  readonly winnerName: string | undefined;
  /** The decision's command; undefined: it has none. */
  readonly command: Heard<QueuedCommand> | undefined;
  /** What the device's state messages said. */
  readonly state: DeploymentDevice | undefined;
}

/** A link without its place in the chain. */
export interface LinkBody {
  readonly state: ExplainLinkState;
  readonly text: string;
  readonly at?: number | null;
  readonly by?: string | null;
  readonly mend?: string;
  readonly facts?: ExplainLink['facts'];
}

export const link = (kind: ExplainLinkKind, body: LinkBody): ExplainLink => ({
  link: kind,
  state: body.state,
  at: body.at ?? null,
  by: body.by ?? null,
  text: body.text,
  ...(body.mend !== undefined && { mend: body.mend }),
  facts: body.facts ?? {},
});

/** A time as sentences have it. */
export const timeText = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const NO_STEPS: PolicySteps = {
  targetedAt: null,
  evaluatedAt: null,
  queuedAt: null,
  pushedAt: null,
  fetchedAt: null,
  acknowledgedAt: null,
  verifiedAt: null,
};

/** True where a service could not be asked, so that the link says nothing of the device. */
export const isAway = ({ facts }: ExplainLink): boolean => Object.hasOwn(facts, 'away');

/** What helps where something is only late. */
export const EVALUATE = 'Have the device evaluated: POST /api/v1/devices/{id}/evaluate.';
