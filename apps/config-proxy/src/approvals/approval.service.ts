import {
  approvalErrors,
  siteErrors,
  type ApiScope,
  type Approval,
  type ApprovalKind,
  type ApprovalPolicy,
  type ApprovalTarget,
} from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { ListRequest } from '@espalier/query';
import type { Keyring } from '@espalier/secrets';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { Accountability } from './accountability.js';
import type { ActionCatalogue } from './action.catalogue.js';
import type { ActionFacts, ApprovableAction, Person } from './approvable-action.js';
import type { ApprovalClock } from './approval.clock.js';
import type { ApprovalJournal } from './approval.journal.js';
import type { ApprovalPolicies } from './approval.policies.js';
import { paramsPlace, scopesOf, shown, type StoredApproval } from './approval.rows.js';
import type { ApprovalStore, ApprovalView } from './approval.store.js';
import type { HourlyCap } from './hourly-cap.js';

export interface ApprovalServiceOptions {
  readonly db: Database;
  readonly store: ApprovalStore;
  readonly actions: ActionCatalogue;
  readonly policies: ApprovalPolicies;
  readonly caps: HourlyCap;
  readonly accounts: Accountability;
  readonly clock: ApprovalClock;
  readonly journal: ApprovalJournal;
  readonly idempotency: IdempotencyService;
  readonly vault: Keyring;
  readonly uuid: () => string;
}

/** How an action was asked for. */
export interface ActionRequest {
  /** Idempotency-Key: the same one again, with the same credential, finds what it made. */
  readonly key: string;
  /** Why, for whoever decides. */
  readonly reason: string | undefined;
  readonly facts?: ActionFacts;
}

const HOUR_MS = 3_600_000;
const SUMMARY_LENGTH = 400;

/** Says which actions wait for a second person, and keeps them until then. */
export class ApprovalService {
  constructor(private readonly options: ApprovalServiceOptions) {}

  /**
   * Asks whether an action may be done. `'no'`: no approval is needed, its devices are counted, do it now. Otherwise
   * it waits as the approval that is given back. Repeating a request with its key counts and makes nothing twice.
   * @throws EspalierError ESP_APPROVAL_REASON_MISSING, ESP_APPROVAL_CAP_REACHED, ESP_APPROVAL_CAP_EXCEEDED,
   * ESP_SITE_KEY_REUSED
   */
  async need(
    kind: ApprovalKind,
    params: unknown,
    person: Person,
    request: ActionRequest,
  ): Promise<'no' | Approval> {
    const { db, actions, policies } = this.options;
    const action = actions.of(kind);
    const known = await this.repeated(action, params, person, request.key);
    if (known !== undefined) return known;
    const policy = await policies.of(db, kind);
    const targets = named(action.targets(params), request.facts?.names);
    const devices = request.facts?.devices ?? targets.length;
    if (
      !policies.asksForApproval(policy, devices) &&
      (await this.#count(policy, targets, devices, person, request.key))
    )
      return 'no';
    return this.ask({ action, params, person, policy, targets, devices, request });
  }

  /** What the same request made before; undefined where it is new. @throws EspalierError ESP_SITE_KEY_REUSED */
  async repeated(
    action: ApprovableAction<unknown>,
    params: unknown,
    { credentialId }: Person,
    key: string,
  ): Promise<Approval | undefined> {
    const known = await this.options.store.findByRequest(this.options.db, credentialId, key);
    return known && this.#repeated(known, action, params);
  }

  /** @throws EspalierError ESP_APPROVAL_UNKNOWN */
  async get(id: string): Promise<Approval> {
    await this.options.journal.lapse();
    return shown(await this.#known(id));
  }

  /** What it takes to ask for it, and so to cancel it. @throws EspalierError ESP_APPROVAL_UNKNOWN */
  async scopesOf(id: string): Promise<readonly ApiScope[]> {
    const { actions, vault } = this.options;
    const approval = await this.#known(id);
    return scopesOf(approval, actions.of(approval.kind), vault);
  }

  /** @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(
    view: ApprovalView,
    request: Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>,
  ): Promise<{ items: Approval[]; nextCursor?: string }> {
    await this.options.journal.lapse();
    const { items, ...rest } = await this.options.store.list(this.options.db, view, request);
    return { items: items.map(shown), ...rest };
  }

  /**
   * Counts what one person does alone, in the transaction that does it. False where they have done so much within the
   * hour that this needs a second one: then roll back.
   * @throws EspalierError ESP_APPROVAL_CAP_REACHED, ESP_APPROVAL_CAP_EXCEEDED
   */
  async countAlone(tx: Tx, policy: ApprovalPolicy, devices: number, person: Person): Promise<boolean> {
    const { policies, clock, caps, accounts } = this.options;
    const { kind, hourlyCap } = policy;
    const aloneCap = policies.aloneCap(policy);
    if (hourlyCap === null && aloneCap === null) return true;
    const at = await clock.tick(tx);
    for (const administratorId of await accounts.countedFor(tx, person)) {
      const booking = { administratorId, kind, devices, at };
      if (!(await caps.fits(tx, { ...booking, phase: 'alone', cap: aloneCap }))) return false;
      await caps.book(tx, { ...booking, phase: 'done', cap: hourlyCap });
    }
    return true;
  }

  /** Counts what is done without an approval; once for each key. False where it needs one. */
  async #count(
    policy: ApprovalPolicy,
    targets: readonly ApprovalTarget[],
    devices: number,
    person: Person,
    key: string,
  ): Promise<boolean> {
    const { kind } = policy;
    if (policy.hourlyCap === null && this.options.policies.aloneCap(policy) === null) return true;
    const { idempotency } = this.options;
    const request = {
      callerId: `cap:${person.credentialId}`,
      key,
      body: [kind, targets.map(({ id }) => id)],
    };
    try {
      await idempotency.run(request, async (tx) => {
        if (!(await this.countAlone(tx, policy, devices, person))) throw new TooMuchAlone();
        return {};
      });
      return true;
    } catch (error) {
      if (error instanceof TooMuchAlone) return false;
      throw error;
    }
  }

  /**
   * Has an action wait for a second person.
   * @throws EspalierError ESP_APPROVAL_REASON_MISSING, ESP_APPROVAL_CAP_REACHED, ESP_APPROVAL_CAP_EXCEEDED,
   * ESP_SITE_KEY_REUSED
   */
  async ask(asked: {
    readonly action: ApprovableAction<unknown>;
    readonly params: unknown;
    readonly person: Person;
    readonly policy: ApprovalPolicy;
    readonly targets: readonly ApprovalTarget[];
    readonly devices: number;
    readonly request: ActionRequest;
  }): Promise<Approval> {
    const { action, params, person, policy, targets, devices, request } = asked;
    const { reason } = request;
    if (reason === undefined)
      throw approvalErrors.ESP_APPROVAL_REASON_MISSING({
        detail: request.facts?.summary ?? action.summary(params),
      });
    const { db, store, clock, caps, accounts, journal, vault, uuid } = this.options;
    const { kind } = action;
    const answer = await db.transaction(async (tx): Promise<StoredApproval> => {
      const at = await clock.tick(tx);
      // The same request, sent twice at once: the clock's lock lets the other one be first.
      const known = await store.findByRequest(tx, person.credentialId, request.key);
      if (known !== undefined) return known;
      for (const administratorId of await accounts.countedFor(tx, person))
        await caps.book(tx, { administratorId, kind, phase: 'asked', devices, cap: policy.hourlyCap, at });
      const id = uuid();
      const approval: StoredApproval = {
        id,
        kind,
        state: 'needs-approval',
        summary: (request.facts?.summary ?? action.summary(params)).slice(0, SUMMARY_LENGTH),
        reason,
        targets: [...targets],
        deviceCount: devices,
        requester: person.administrator,
        createdAt: at,
        expiresAt: at + policy.expiryHours * HOUR_MS,
        decidedBy: null,
        decidedAt: null,
        decisionReason: null,
        finishedAt: null,
        outcome: null,
        resultIds: [],
        jobId: null,
        version: 1,
        paramsSealed: vault.seal(Buffer.from(JSON.stringify(params)), paramsPlace(id)),
        requesterMakerId: person.madeBy ?? null,
        requesterActor: person.actor,
        requesterTitle: person.title,
        credentialId: person.credentialId,
        requestKey: request.key,
        begunAt: null,
      };
      await journal.open(tx, approval);
      return approval;
    });
    return this.#repeated(answer, action, params);
  }

  async #known(id: string): Promise<StoredApproval> {
    const found = await this.options.store.find(this.options.db, id);
    if (found === undefined) throw approvalErrors.ESP_APPROVAL_UNKNOWN({ detail: id });
    return found;
  }

  /** A repeated request gets what the first one made; another one with its key does not. */
  #repeated(known: StoredApproval, action: ApprovableAction<unknown>, params: unknown): Approval {
    const stored = JSON.parse(this.options.vault.open(known.paramsSealed, paramsPlace(known.id)).toString());
    if (known.kind !== action.kind || requestOf(stored) !== requestOf(params))
      throw siteErrors.ESP_SITE_KEY_REUSED();
    return shown(known);
  }
}

/** Undoes what was counted. */
class TooMuchAlone extends Error {}

/** Parameters without what stood when they were given: that is not what somebody asked for. */
const requestOf = (params: unknown): string => {
  const { stood: _stood, ...asked } = params as Readonly<Record<string, unknown>>;
  return JSON.stringify(asked);
};

const named = (
  targets: readonly ApprovalTarget[],
  names: ReadonlyMap<string, string> | undefined,
): ApprovalTarget[] =>
  targets.map((target) => {
    const name = names?.get(target.id);
    return name === undefined ? target : { ...target, name };
  });
