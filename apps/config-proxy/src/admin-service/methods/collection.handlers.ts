import {
  collectionErrors,
  newCollectionSchema,
  type Approval,
  type CollectionRule,
} from '@espalier/contracts';
import { methodResult } from '@espalier/odata';
import type { Visibility } from '../../access/visibility.service.js';
import { personOf } from '../../approvals/approval.http.js';
import type { ChangeGate } from '../../approvals/change-gate.js';
import { askerOf } from '../../collections/collection.controller.js';
import type { CollectionService } from '../../collections/collection.service.js';
import type { RuleEdit, RuleService } from '../../collections/rule.service.js';
import { checkIfMatch, etagOf } from '../../http/etag.js';
import type { ClassRow } from '../class.model.js';
import type { DoorAnswer, LazyReader, MethodCall, MethodHandler, Visitor, WriteHandler } from '../door.js';
import {
  definition,
  newRule,
  readCollection,
  refreshing,
  refuseReadOnly,
  sorted,
  type OtherRule,
} from './collection.body.js';
import { invalid, readRules, type GivenRule } from './collection-rule.body.js';
import type { CollectionRuleReader } from './collection-rule.reader.js';
import { approvalAnswer } from './approval.answer.js';
import { readBody } from './read-body.js';
import { toTokens } from './schedule-token.js';

export interface CollectionHandlersOptions {
  readonly collections: CollectionService;
  readonly rules: RuleService;
  readonly ruleReader: CollectionRuleReader;
  readonly visibility: Visibility;
  readonly gate: ChangeGate;
}

const WRITE = 'collections:write' as const;
const anyVersion = (): void => undefined;
const idOf = (row: ClassRow | undefined): string => String(row?.['CollectionID']);

/** What scripts do with collections (sccm.md §1.2): rules, refreshing, making, changing and deleting them. */
export class CollectionHandlers {
  constructor(private readonly options: CollectionHandlersOptions) {}

  get methods(): Readonly<Record<string, MethodHandler>> {
    const add: MethodHandler = { scope: WRITE, run: (call) => this.#add(call) };
    const remove: MethodHandler = { scope: WRITE, run: (call) => this.#remove(call) };
    return {
      'SMS_Collection.AddMembershipRule': add,
      'SMS_Collection.AddMembershipRules': add,
      'SMS_Collection.DeleteMembershipRule': remove,
      'SMS_Collection.DeleteMembershipRules': remove,
      'SMS_Collection.RequestRefresh': {
        scope: WRITE,
        run: async (call) => {
          await this.options.collections.evaluate(idOf(call.row), call.visitor.caller.title);
          return done(call);
        },
      },
    };
  }

  get writes(): Readonly<Record<string, WriteHandler>> {
    return {
      SMS_Collection: {
        scope: WRITE,
        create: async (body, visitor) => this.#create(body, visitor),
        change: (row, body, { visitor, isWhole }) => this.#change(row, body, visitor, isWhole),
        remove: async (row, { caller }) => {
          await this.options.visibility.requireChangeable(idOf(row), caller);
          await this.options.collections.delete(idOf(row), anyVersion);
        },
      },
    };
  }

  get lazy(): Readonly<Record<string, LazyReader>> {
    return {
      SMS_Collection: async (row, { caller }) => {
        const { visibility, ruleReader } = this.options;
        const within = visibility.devices(caller, 'collections:read', 'd.resource_id');
        const { schedule, createdAt } = await this.options.collections.get(idOf(row));
        row['CollectionRules'] = await ruleReader.rulesOf(idOf(row), within);
        row['RefreshSchedule'] = toTokens(schedule, createdAt);
      },
    };
  }

  async #add(call: MethodCall): Promise<DoorAnswer> {
    const { direct, others } = sorted(readRules(call.args));
    await this.#mayRefer({ others, direct }, call.visitor, idOf(call.row));
    return this.#edit(call, { add: others.map(newRule), addDirect: direct });
  }

  async #remove(call: MethodCall): Promise<DoorAnswer> {
    const { direct, others } = sorted(readRules(call.args));
    await this.#mayRefer({ others: [], direct }, call.visitor, idOf(call.row));
    const stored = others.length === 0 ? [] : (await this.options.collections.get(idOf(call.row))).rules;
    // A rule that does not exist has no number either.
    const remove = others.map((rule) => stored.find(sameAs(rule))?.ruleId ?? 0);
    return this.#edit(call, { remove, removeDirect: direct });
  }

  /** All of it or none; or it waits for a second person. */
  async #edit(call: MethodCall, edit: RuleEdit): Promise<DoorAnswer> {
    const { rules, gate } = this.options;
    const { caller, asked } = call.visitor;
    const change = { id: idOf(call.row), by: caller.title, check: anyVersion };
    const params = { what: 'edit', collectionId: change.id, ...edit } as const;
    const passed = await gate.pass(params, personOf(caller), asked, (weigh) =>
      rules.edit(change, edit, weigh),
    );
    return 'approval' in passed
      ? approvalAnswer(passed.approval, (json) => methodResult(call.context, json))
      : done(call);
  }

  async #create(
    body: Readonly<Record<string, unknown>>,
    visitor: Visitor,
  ): Promise<Record<string, string | number>> {
    const given = readCollection(body);
    if (given.Name === undefined) throw invalid('The body needs Name.');
    const { direct, others } = sorted(given.CollectionRules ?? []);
    const wanted = readBody(newCollectionSchema, {
      kind: given.CollectionType === 1 ? 'user' : 'device',
      name: given.Name,
      comment: given.Comment ?? '',
      limitingId: given.LimitToCollectionID ?? (given.CollectionType === 1 ? 'SMS00002' : 'SMS00001'),
      ...refreshing(given, { refresh: 'manual', schedule: null }),
      rules: others.map(newRule),
      directResourceIds: direct,
    });
    const { caller, asked } = visitor;
    await this.#mayRefer({ others, direct, limitingId: wanted.limitingId }, visitor);
    const made = await this.options.collections.create(wanted, askerOf(caller), asked.key);
    return { CollectionID: made.id };
  }

  async #change(
    row: ClassRow,
    body: Readonly<Record<string, unknown>>,
    visitor: Visitor,
    isWhole: boolean,
  ): Promise<Approval | undefined> {
    const { collections, gate } = this.options;
    const { caller, asked } = visitor;
    if (!isWhole) refuseReadOnly(body);
    const given = readCollection(body);
    const before = await collections.get(idOf(row));
    if (before.isBuiltIn) throw collectionErrors.ESP_COLLECTION_BUILT_IN({ detail: before.name });
    const { direct, others } = sorted(given.CollectionRules ?? []);
    const after = definition({
      ...before,
      name: given.Name ?? before.name,
      comment: given.Comment ?? before.comment,
      limitingId: given.LimitToCollectionID ?? before.limitingId,
      ...refreshing(given, before),
      ...(given.CollectionRules !== undefined && {
        rules: others.map(newRule),
        directResourceIds: direct,
      }),
    });
    const limiting = after.limitingId === before.limitingId ? {} : { limitingId: after.limitingId };
    await this.#mayRefer({ others, direct, ...limiting }, visitor, before.id);
    // What the body leaves out is what was read: it must not undo what somebody else changed meanwhile.
    const check = (version: number): void => checkIfMatch(etagOf(before.version), version);
    const params = { what: 'define', collectionId: before.id, definition: after } as const;
    const passed = await gate.pass(params, personOf(caller), asked, (weigh) =>
      collections.replace(before.id, after, caller.title, check, weigh),
    );
    return 'approval' in passed ? passed.approval : undefined;
  }

  /**
   * Who is limited to collections refers to nothing outside, and does not change what decides about their own reach.
   * @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_RESOURCE_UNKNOWN, ESP_AUTH_NOT_FOR_LIMITED
   */
  async #mayRefer(
    given: {
      readonly others: readonly GivenRule[];
      readonly direct: readonly number[];
      readonly limitingId?: string;
    },
    { caller }: Visitor,
    collectionId?: string,
  ): Promise<void> {
    const { visibility } = this.options;
    const reach = caller.reach(WRITE);
    const targets = given.others.flatMap((rule) => ('collectionId' in rule ? [rule.collectionId] : []));
    const { limitingId } = given;
    await visibility.requireCollections(
      [...targets, ...(limitingId === undefined ? [] : [limitingId])],
      reach,
    );
    await visibility.requireDevices(given.direct, reach);
    if (collectionId !== undefined) await visibility.requireChangeable(collectionId, caller);
  }
}

const sameAs =
  (rule: OtherRule) =>
  (stored: CollectionRule): boolean =>
    rule.kind === 'query'
      ? stored.kind === 'query' && stored.name === rule.name
      : stored.kind === rule.kind && stored.collectionId === rule.collectionId;

const done = ({ context }: MethodCall): DoorAnswer => ({ status: 201, json: methodResult(context) });
