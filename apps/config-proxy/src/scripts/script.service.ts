import { createHash, randomInt, randomUUID } from 'node:crypto';
import {
  approvalErrors,
  scriptErrors,
  type NewScript,
  type Script,
  type ScriptChange,
  type ScriptParameter,
} from '@espalier/contracts';
import { isUniqueViolation, type Database, type Queryable, type Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { Accountability } from '../approvals/accountability.js';
import type { Person } from '../approvals/approvable-action.js';
import type { ApprovalPolicies } from '../approvals/approval.policies.js';
import { isSamePerson, type SecondPerson } from '../approvals/second-person.js';
import { checkIfMatch } from '../http/etag.js';
import { approvalNumbers, textPlace, toScript, type ScriptRow } from './script.rows.js';
import type { ScriptQuery, ScriptStore } from './script.store.js';

/** Who must know that a script is not to run any more. */
export interface ScriptListener {
  /** In the transaction that says so. @param number one version; undefined: all of them */
  withdrawn(tx: Tx, scriptId: string, number: number | undefined, reason: string): Promise<void>;
}

export interface ScriptServiceOptions {
  readonly db: Database;
  readonly store: ScriptStore;
  readonly vault: Keyring;
  readonly policies: Pick<ApprovalPolicies, 'mode'>;
  readonly secondPerson: SecondPerson;
  readonly accounts: Accountability;
  readonly listener: ScriptListener;
  readonly now: () => Date;
}

/** What is said with a decision. */
export interface ScriptDecisionRequest {
  readonly comment: string | undefined;
  readonly ifMatch: string | undefined;
}

/** One version that may run, or might. */
export interface ScriptVersion {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly language: Script['language'];
  readonly sha256: string;
  readonly parameters: readonly ScriptParameter[];
  readonly isApproved: boolean;
}

const TITLE_LENGTH = 255;
const MOST_VERSION = 1_000_000_000;

/** Scripts, and who has approved which version of them. */
export class ScriptService {
  constructor(private readonly options: ScriptServiceOptions) {}

  /** Makes a script whose first version waits. @throws EspalierError ESP_SCRIPT_EXISTS */
  async create(tx: Tx, wanted: NewScript, person: Person, chosenId?: string): Promise<Script> {
    const { store, now } = this.options;
    const at = now().getTime();
    const id = chosenId ?? randomUUID();
    const head = {
      id,
      name: wanted.name,
      number: 1,
      // Whoever chooses an id may have deleted the script that had it: nobody who read that one decides on this one.
      version: chosenId === undefined ? 1 : randomInt(1, MOST_VERSION),
      at,
      by: person.title.slice(0, TITLE_LENGTH),
    };
    try {
      await store.insert(tx, head);
    } catch (error) {
      if (isUniqueViolation(error)) throw scriptErrors.ESP_SCRIPT_EXISTS({ detail: id });
      throw error;
    }
    await store.insertVersion(tx, id, this.#written(wanted, 1, person, at));
    return this.get(id, tx);
  }

  /** @throws EspalierError ESP_SCRIPT_UNKNOWN */
  async get(id: string, on: Queryable = this.options.db): Promise<Script> {
    return toScript(known(await this.options.store.find(on, id), id));
  }

  /** Undefined where there is none. */
  async find(id: string): Promise<Script | undefined> {
    const row = await this.options.store.find(this.options.db, id);
    return row && toScript(row);
  }

  async list(request: ScriptQuery): Promise<{ items: Script[]; nextCursor?: string }> {
    const { rows, next } = await this.options.store.list(this.options.db, request);
    return { items: rows.map(toScript), ...(next !== undefined && { nextCursor: next }) };
  }

  /** The text of the newest version. @throws EspalierError ESP_SCRIPT_UNKNOWN */
  async text(id: string): Promise<{ scriptVersion: number; sha256: string; text: string }> {
    const { db, store } = this.options;
    const row = known(await store.find(db, id), id);
    return { scriptVersion: row.number, sha256: row.sha256, text: await this.textOf(db, row.version_id) };
  }

  /** @throws EspalierError ESP_SCRIPT_UNKNOWN */
  async textOf(on: Queryable, versionId: string): Promise<string> {
    const sealed = known(await this.options.store.sealedText(on, versionId), versionId);
    return this.options.vault.open(sealed, textPlace(versionId)).toString();
  }

  /** The newest version, or the one with that number; undefined where there is none. */
  async version(
    on: Queryable,
    id: string,
    number?: number,
  ): Promise<(ScriptVersion & { versionId: string }) | undefined> {
    const { store } = this.options;
    const row = number === undefined ? await store.find(on, id) : await store.version(on, id, number);
    return (
      row && {
        id,
        versionId: row.version_id,
        number: row.number,
        name: row.name,
        language: row.language,
        sha256: row.sha256,
        parameters: toScript(row).parameters,
        isApproved: row.approval_state === approvalNumbers.approved,
      }
    );
  }

  /**
   * Other text, language or parameters make a new version, which waits again; what was asked for before stays with the
   * version that was approved then.
   * @throws EspalierError ESP_SCRIPT_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE
   */
  async change(
    id: string,
    change: ScriptChange,
    ifMatch: string | undefined,
    person: Person,
  ): Promise<Script> {
    const { db, store, now } = this.options;
    return db.transaction(async (tx) => {
      const before = known(await store.lock(tx, id), id);
      checkIfMatch(ifMatch, before.version);
      const wanted: NewScript = {
        name: change.name ?? before.name,
        language: change.language ?? before.language,
        text: change.text ?? (await this.textOf(tx, before.version_id)),
        parameters: change.parameters ?? [...toScript(before).parameters],
      };
      const at = now().getTime();
      const number = before.number + 1;
      const written = this.#written(wanted, number, person, at);
      const runsTheSame =
        written.sha256 === before.sha256 &&
        wanted.language === before.language &&
        JSON.stringify(wanted.parameters) === before.parameters;
      if (runsTheSame && wanted.name === before.name) return toScript(before);
      if (!runsTheSame) await store.insertVersion(tx, id, written);
      await store.change(tx, {
        id,
        name: wanted.name,
        number: runsTheSame ? before.number : number,
        version: before.version + 1,
        at,
        by: person.title.slice(0, TITLE_LENGTH),
      });
      return this.get(id, tx);
    });
  }

  /**
   * Approves or denies the newest version. Not its author, with whatever token, unless approvals are off; what was
   * denied is taken back from devices that have not fetched it. Repeating a decision is harmless.
   * @throws EspalierError ESP_SCRIPT_UNKNOWN, ESP_SCRIPT_OWN, ESP_SCRIPT_VERSION_UNNAMED, ESP_APPROVAL_NOT_A_PERSON,
   * ESP_APPROVAL_TOO_NEW, ESP_APPROVAL_REQUESTER_TOO_NEW, ESP_SITE_CHANGED_MEANWHILE
   */
  async decide(
    id: string,
    decision: 'approved' | 'denied',
    person: Person,
    { comment, ifMatch }: ScriptDecisionRequest,
  ): Promise<Script> {
    const { db, store, listener, now } = this.options;
    const state = approvalNumbers[decision];
    return db.transaction(async (tx) => {
      const row = known(await store.lock(tx, id), id);
      if (row.approval_state === state && row.approver_id === person.administrator.id) return toScript(row);
      checkIfMatch(ifMatch, row.version);
      await this.#refuseOwn(tx, row, person);
      // Its author could have changed it between the look and the decision.
      if (decision === 'approved' && row.number > 1 && ifMatch === undefined)
        throw scriptErrors.ESP_SCRIPT_VERSION_UNNAMED({ detail: `Its newest version is ${row.number}.` });
      const at = now().getTime();
      const approver = person.administrator;
      await store.decide(tx, row.version_id, { state, approver, at, comment: comment ?? null });
      const by = person.title.slice(0, TITLE_LENGTH);
      await store.change(tx, { id, name: row.name, number: row.number, version: row.version + 1, at, by });
      if (decision === 'denied') await listener.withdrawn(tx, id, row.number, 'The script was denied.');
      return this.get(id, tx);
    });
  }

  /** What waits for devices is taken back. @throws EspalierError ESP_SCRIPT_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE */
  async delete(id: string, ifMatch: string | undefined): Promise<void> {
    const { db, store, listener } = this.options;
    await db.transaction(async (tx) => {
      checkIfMatch(ifMatch, known(await store.lock(tx, id), id).version);
      await listener.withdrawn(tx, id, undefined, 'The script was deleted.');
      await store.delete(tx, id);
    });
  }

  async #refuseOwn(tx: Tx, row: ScriptRow, person: Person): Promise<void> {
    const { policies, secondPerson, accounts } = this.options;
    if (policies.mode === 'off') return;
    const author = { id: row.author_id, makerId: row.author_maker_id };
    if (isSamePerson(author, person)) throw scriptErrors.ESP_SCRIPT_OWN();
    await secondPerson.check(tx, person);
    const behind = [author.id, ...(author.makerId === null ? [] : [author.makerId])];
    const until = await accounts.newUntil(tx, behind);
    if (until !== undefined)
      throw approvalErrors.ESP_APPROVAL_REQUESTER_TOO_NEW({
        detail: `It can be decided on from ${new Date(until).toISOString()} on.`,
      });
  }

  #written({ language, text, parameters }: NewScript, number: number, person: Person, at: number) {
    const bytes = Buffer.from(text);
    const id = randomUUID();
    const { id: authorId, name } = person.administrator;
    return {
      id,
      number,
      language,
      textSealed: this.options.vault.seal(bytes, textPlace(id)),
      sha256: createHash('sha256').update(bytes).digest('hex'),
      length: bytes.length,
      parameters,
      author: { id: authorId, makerId: person.madeBy ?? null, name },
      at,
    };
  }
}

function known<T>(found: T | undefined, id: string): T {
  if (found === undefined) throw scriptErrors.ESP_SCRIPT_UNKNOWN({ detail: id });
  return found;
}
