import {
  deploymentErrors,
  explainPolicy,
  getCommand,
  getEnrollment,
  isEspalierError,
  resourceErrors,
  type Enrollment,
  type ExplainAnswer,
  type Explanation,
  type PolicyDecision,
  type QueuedCommand,
  type RpcContract,
} from '@espalier/contracts';
import { unrestricted, type Restriction } from '../access/restrict.js';
import type { CallOptions, Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { z } from 'zod';
import type { StoredDeployment } from '../deployments/deployment.record.js';
import type { DeploymentStore } from '../deployments/deployment.store.js';
import type { DeviceStateStore } from '../state-messages/device-state.store.js';
import type { ExplainStore } from './explain.store.js';
import type { Heard, KnownEnrollment, MembershipExplainer, PolicyAnswer } from './explain.types.js';
import { explain } from './explanation.js';
import { winningFirst, type Explained } from './winning-first.js';

export interface ExplainServiceOptions {
  readonly db: Database;
  readonly store: ExplainStore;
  readonly deployments: DeploymentStore;
  readonly states: DeviceStateStore;
  readonly membership: MembershipExplainer;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly now: () => Date;
}

/** What is asked about: one deployment, all of a thing, or all that touch the device. */
export interface ExplainQuestion {
  readonly deployment?: string | undefined;
  readonly thing?: string | undefined;
  /** Of deployments "d" that the caller sees; all unless given. */
  readonly within?: Restriction;
}

const AT_MOST = 20;
/** Services answer in milliseconds; whoever asks waits for all of them. */
const PATIENCE_MS = 2_500;

/** Says why a device has (not) got something, by asking everybody who had a part in it. */
export class ExplainService {
  constructor(private readonly options: ExplainServiceOptions) {}

  /**
   * A service that does not answer is a link that says so: the others still tell.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_DEPLOYMENT_UNKNOWN
   */
  async explain(
    resourceId: number,
    question: ExplainQuestion,
    origin: CallOptions = {},
  ): Promise<ExplainAnswer> {
    const { db, store, deployments } = this.options;
    const resource = await store.resource(db, resourceId);
    if (resource === undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(resourceId) });
    const ids = await this.#asked(resourceId, question);
    const found = await Promise.all(ids.slice(0, AT_MOST).map((id) => deployments.find(db, id)));
    const stored = found.filter((deployment) => deployment !== undefined);
    const inquiry = new Inquiry(this.options, resource, origin);
    const explained: Explained[] = [];
    for (const deployment of stored) explained.push(await inquiry.explain(deployment, question.thing));
    const explanations =
      question.thing === undefined
        ? explained.map(({ explanation }) => explanation)
        : winningFirst(explained);
    return {
      resourceId,
      name: resource.name,
      answer: summaryOf(explanations, question),
      explanations,
      truncated: ids.length > AT_MOST,
    };
  }

  async #asked(
    resourceId: number,
    { deployment, thing, within = unrestricted }: ExplainQuestion,
  ): Promise<string[]> {
    const { db, store, deployments } = this.options;
    if (deployment !== undefined) {
      if ((await deployments.find(db, deployment)) === undefined)
        throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: deployment });
      return [deployment];
    }
    if (thing !== undefined)
      return store.deploymentsOfThing(db, { thingId: thing, resourceId }, AT_MOST + 1, within);
    return (await deployments.ofResource(resourceId, AT_MOST + 1, within)).rows.map(({ id }) => id);
  }
}

function summaryOf(explanations: readonly Explanation[], { deployment, thing }: ExplainQuestion): string {
  const [only, ...others] = explanations;
  if (only === undefined)
    return thing === undefined
      ? 'Nothing is deployed to it.'
      : 'Missing link: the thing is not deployed to anything.';
  if (others.length === 0 || deployment !== undefined) return only.answer;
  // Of several deployments of one thing, one that holds is enough; where none does, the first has the say.
  if (thing !== undefined) return (explanations.find(({ complies }) => complies) ?? only).answer;
  const complying = explanations.filter(({ complies }) => complies).length;
  return `${complying} of ${explanations.length} deployments are as they should be.`;
}

interface KnownResource {
  readonly id: number;
  readonly name: string;
  readonly state: string;
}

/** All questions about one device: what several deployments need is asked once. */
class Inquiry {
  readonly #policy = new Map<string, Promise<Heard<PolicyAnswer>>>();
  readonly #enrollments = new Map<string, Promise<Heard<Enrollment>>>();

  constructor(
    private readonly options: ExplainServiceOptions,
    private readonly resource: KnownResource,
    private readonly origin: CallOptions,
  ) {}

  /** @param thing of a baseline that has it, only this configuration item is looked at */
  async explain(deployment: StoredDeployment, thing: string | undefined): Promise<Explained> {
    const { db, deployments, states, membership, now } = this.options;
    const { id: deploymentId, collectionId } = deployment;
    const collection = await deployments.findCollection(db, collectionId);
    if (collection === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: deploymentId });
    const enrollment = await this.#enrollmentFor(collectionId, collection.kind);
    const memberId = enrollment?.userResourceId ?? null;
    const asMember = collection.kind === 'user' && memberId !== null ? memberId : this.resource.id;
    const [policy, mdmEnrollment] = await Promise.all([
      enrollment === undefined ? UNKNOWN : this.#askPolicy(enrollment.id),
      enrollment === undefined ? UNKNOWN : this.#askEnrollment(enrollment.id),
    ]);
    const target = { deploymentId, collectionId, collectionKind: collection.kind };
    const part = thing === undefined || thing === deployment.thingId ? undefined : thing;
    const told = (await states.device(db, target, asMember)).find(
      ({ enrollmentId }) => enrollmentId === enrollment?.id,
    );
    // State messages are about all that a deployment brings; of a part they tell only once all is well.
    const state = part === undefined || told?.status === 'success' ? told : undefined;
    const decisions = decisionsOf(policy, deploymentId).filter(
      ({ ciId }) => part === undefined || ciId === part,
    );
    const decision = leastFar(decisions);
    const commandId = decision === undefined ? (state?.commandId ?? null) : decision.commandId;
    const explanation = explain({
      now: now().getTime(),
      resource: this.resource,
      deployment,
      partOfBaseline: part !== undefined,
      collection,
      enrollment,
      mdmEnrollment,
      membership: await membership.explainMembership(collectionId, asMember),
      policy,
      decision,
      decided: {
        total: decisions.length,
        verified: decisions.filter((item) => item.state === 'verified').length,
      },
      winnerName: await this.#nameOf(decision?.winnerDeploymentId ?? null),
      command: commandId === null ? undefined : await this.#askCommand(commandId),
      state,
    });
    return { deployment, decision, explanation };
  }

  /** The enrolment by which the deployment reaches the device: of a user, one who is a member if there is any. */
  async #enrollmentFor(collectionId: string, kind: 'device' | 'user'): Promise<KnownEnrollment | undefined> {
    const { db, store } = this.options;
    const ofKind = (await store.enrollments(db, this.resource.id)).filter((item) => item.kind === kind);
    if (kind === 'device') return ofKind[0];
    const users = ofKind.flatMap(({ userResourceId }) => userResourceId ?? []);
    const members = new Set(await store.members(db, collectionId, users));
    return ofKind.find(({ userResourceId }) => members.has(userResourceId ?? 0)) ?? ofKind[0];
  }

  #askPolicy(enrollmentId: string): Promise<Heard<PolicyAnswer>> {
    return remember(this.#policy, enrollmentId, () => this.#ask(explainPolicy, { enrollmentId }));
  }

  #askEnrollment(id: string): Promise<Heard<Enrollment>> {
    return remember(this.#enrollments, id, async () =>
      mapHeard(await this.#ask(getEnrollment, { id }), ({ enrollment }) => enrollment),
    );
  }

  async #askCommand(id: string): Promise<Heard<QueuedCommand>> {
    return mapHeard(await this.#ask(getCommand, { id }), ({ command }) => command);
  }

  async #ask<C extends RpcContract>(
    contract: C,
    request: z.input<C['request']>,
  ): Promise<Heard<z.output<C['response']>>> {
    try {
      const options = { ...this.origin, timeoutMs: PATIENCE_MS };
      return { kind: 'said', value: await this.options.messaging.call(contract, request, options) };
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      return error.status === 404
        ? { kind: 'unknown' }
        : { kind: 'away', service: contract.service, why: error.title };
    }
  }

  async #nameOf(deploymentId: string | null): Promise<string | undefined> {
    const { db, deployments } = this.options;
    return deploymentId === null ? undefined : (await deployments.find(db, deploymentId))?.settings.name;
  }
}

const UNKNOWN = { kind: 'unknown' } as const;

const mapHeard = <A, B>(heard: Heard<A>, map: (value: A) => B): Heard<B> =>
  heard.kind === 'said' ? { kind: 'said', value: map(heard.value) } : heard;

function remember<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const answer = known.get(key) ?? ask();
  known.set(key, answer);
  return answer;
}

const decisionsOf = (policy: Heard<PolicyAnswer>, deploymentId: string): PolicyDecision[] =>
  policy.kind === 'said' ? policy.value.decisions.filter((item) => item.deploymentId === deploymentId) : [];

/** What is worse, or less far, comes first. */
const ORDER: readonly PolicyDecision['state'][] = [
  'failed',
  'lost',
  'unsupported',
  'disabled',
  'available',
  'waiting',
  'planned',
  'queued',
  'acknowledged',
  'verified',
];

/** The item that a deployment still lacks most; a device has the thing once all of its items are verified. */
function leastFar(decisions: readonly PolicyDecision[]): PolicyDecision | undefined {
  return decisions.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))[0];
}
