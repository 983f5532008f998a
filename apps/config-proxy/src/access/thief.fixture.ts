import { randomUUID } from 'node:crypto';
import { insertRows } from '@espalier/persistence';
import type { RoleId } from '@espalier/contracts';
import { applicationRow } from '../client-tasks/client-task.fixture.js';
import { itemOf, ReachHarness, type Side, type SpecAdministrator } from '../reach.fixture.js';
import {
  reason,
  SCOPE_MISSING,
  type Aim,
  type Attempt,
  type Many,
  type Outcome,
  type Wish,
} from './wish.fixture.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SECOND = 'DEVICE-2';
/** What changes by itself, or must: the log, the way of events out of the house, evaluations and what comes of them. */
const PASSING =
  /^(audit_|outbox|inbox|sqlite_|approval_clock|resource_change|scope_|deployment_summary|collection_(evaluation|member))/;
/** What is not passing of tables that otherwise are. */
const lasting: Readonly<Record<string, string>> = {
  // What is older is forgotten at any time.
  action_count: 'SELECT * FROM {action_count} WHERE counted_at > :since',
  collection: 'SELECT collection_id, name, limiting_id, version FROM {collection}',
  deployment: 'SELECT id, name, version FROM {deployment}',
  job: "SELECT id FROM {job} WHERE kind <> 'collection-evaluation'",
};

/** What came of an attempt. */
export interface Told {
  readonly status: number;
  readonly code: unknown;
  readonly state: unknown;
}

/** What is left of an attempt. */
export interface Left {
  readonly code: unknown;
  /** Names of tables that are not as they were. */
  readonly changed: readonly string[];
  /** The last record of the audit log; undefined where such an attempt leaves none. */
  readonly record: { readonly outcome: string; readonly by: string; readonly code: string } | undefined;
}

/** A site with the settings that ship, whose clock is moved, and stolen tokens on it. */
export class ThiefHarness {
  #time = Date.now();
  #user = 0;
  #many!: Many;
  /** A Full Administrator who is not concerned. */
  other!: SpecAdministrator;
  readonly #attempts = new Map<string, Promise<Attempt>>();

  private constructor(readonly site: ReachHarness) {}

  static async start(): Promise<ThiefHarness> {
    const clock = { now: () => new Date() };
    const site = await ReachHarness.start({ ESPALIER_APPROVALS: 'required' }, () => clock.now());
    const harness = new ThiefHarness(site);
    clock.now = () => new Date(harness.#time);
    harness.other = await harness.hire('other', 'full-administrator');
    return harness;
  }

  stop(): Promise<void> {
    return this.site.stop();
  }

  pass(minutes: number): void {
    this.#time += minutes * MINUTE;
  }

  /** Account and tokens are not new any more. */
  rest(): void {
    this.#time += 2 * DAY;
  }

  /** With a token that is their own: as long as the first one is new, whoever made it stands behind all. */
  async hire(name: string, roleId: RoleId, collectionId: string | null = null): Promise<SpecAdministrator> {
    const owner = await this.site.administrator(name, roleId, collectionId);
    this.rest();
    const { scopes } = (await this.site.send('GET', '/api/v1/whoami', owner.token)).json;
    const { json } = await this.site.send('POST', '/api/v1/tokens', owner.token, { name: 'own', scopes });
    return { ...owner, token: String(json['secret']) };
  }

  /** What wishes aim at besides what every site of the specs has. */
  async prepare(): Promise<void> {
    const { site } = this;
    await site.enroll(SECOND, site.inside.device);
    this.#user = (await site.made('POST', '/api/v1/users', { userName: 'CORP\\anna' })).resourceId;
    const devices = (await site.fill(site.inside.root, 501)).slice(1);
    const collection = await site.gather(site.inside.root, devices);
    const { item } = await site.made('POST', '/api/v1/configuration-items', itemOf('many'));
    const what = { thingKind: 'configuration-item', thingId: item.id, intent: 'required' };
    await site.made('POST', '/api/v1/deployments', { ...what, collectionId: collection });
    const body = { name: 'Hello', language: 'zsh', text: 'echo hello' };
    const script = (await site.made('POST', '/api/v1/scripts', body)).id;
    this.rest();
    await site.send('POST', `/api/v1/scripts/${script}/approve`, this.other.token, {});
    const client = { version: '1.0', registered_at: this.#time };
    await insertRows(
      site.db,
      'mac_client',
      devices.map((device_id) => ({ device_id, ...client })),
    );
    const application = randomUUID();
    await insertRows(site.db, 'library_thing', [applicationRow(application)]);
    this.#many = { devices, collection, item: item.id, application, script };
  }

  /** It is tried in vain: what it says, and what it leaves. */
  async refusal(owner: SpecAdministrator, wish: Wish, code: string, side = this.site.inside): Promise<Left> {
    // Whoever gets no further than the door uses up nothing that is prepared.
    const isShared = code === SCOPE_MISSING;
    const known = isShared ? this.#attempts.get(wish.says) : undefined;
    const preparing = known ?? Promise.resolve(wish.aim(this.#aim(owner, side)));
    if (isShared) this.#attempts.set(wish.says, preparing);
    return this.#left(owner, await preparing);
  }

  /** How it comes true: tried as often as it takes to know. `expected` says where to look. */
  async outcome(owner: SpecAdministrator, wish: Wish, expected: Outcome): Promise<unknown> {
    if (typeof expected === 'string' && expected.endsWith('then asks'))
      return this.#thenAsks(owner, wish, parseInt(expected));
    // What was done for another wish may count against the same limit.
    if (typeof expected === 'number') this.pass(62);
    const attempt = await wish.aim(this.#aim(owner, this.site.inside));
    const sent = this.site.peer.byRequest.size;
    const told = await this.#send(owner.token, attempt);
    if (told.status === 202 && told.state === 'needs-approval')
      return this.site.peer.byRequest.size === sent ? 'asks' : 'asks, and does it';
    if (![200, 201, 202, 204].includes(told.status)) return told;
    return typeof expected === 'number' ? this.#limit(owner, attempt, wish.devices ?? 1, expected) : 'yes';
  }

  /** A minute later, so that neither limits nor the log run full with what other attempts did. */
  #aim(owner: SpecAdministrator, side: Side): Aim {
    this.pass(1.1);
    const { site, other } = this;
    return { site, side, owner, second: SECOND, other, user: this.#user, many: this.#many };
  }

  /** For how many devices it is done, having been done once, until it is refused; again an hour later. */
  async #limit(owner: SpecAdministrator, attempt: Attempt, each: number, atMost: number): Promise<unknown> {
    let done = each;
    while (done <= atMost && (await this.#send(owner.token, attempt)).status === 202) done += each;
    const { changed, ...left } = await this.#left(owner, attempt);
    this.pass(62);
    const { status } = await this.#send(owner.token, attempt);
    const isLimit = left.code === 'ESP_APPROVAL_CAP_REACHED' && changed.length === 0 && status === 202;
    return isLimit ? done : { done, changed, status, ...left };
  }

  /** How many devices pass alone; it is tried twice more than that. */
  async #thenAsks(owner: SpecAdministrator, wish: Wish, alone: number): Promise<unknown> {
    const { devices = 1 } = wish;
    this.pass(62);
    const states = [];
    for (let n = 0; n < alone / devices + 2; n += 1) {
      const told = await this.#send(owner.token, await wish.aim(this.#aim(owner, this.site.inside)));
      if (told.status >= 300) return told;
      states.push(told.state === 'needs-approval' ? 'asks' : 'done');
    }
    const first = states.indexOf('asks');
    const asksOn = first >= 0 && states.slice(first).every((state) => state === 'asks');
    return asksOn ? `${first * devices}, then asks` : states;
  }

  async #left(owner: SpecAdministrator, attempt: Attempt): Promise<Left> {
    this.pass(1.1);
    const before = await this.#traces();
    const { status, code } = await this.#send(owner.token, attempt);
    const after = await this.#traces();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    // A read of what does not exist for somebody is answered like any other, and leaves no more behind.
    if (attempt.method === 'GET' && status === 404) return { code, changed, record: undefined };
    const [record] = await this.site.db.query<{ outcome: string; actor_id: string; error_code: string }>(
      'SELECT outcome, actor_id, error_code FROM {audit_record} ORDER BY sequence DESC LIMIT 1',
    );
    return {
      code,
      changed,
      record: record && { outcome: record.outcome, by: record.actor_id, code: record.error_code },
    };
  }

  /** Streams are closed as soon as they begin. */
  async #send(token: string, { method, path, body }: Attempt): Promise<Told> {
    const response = await this.site.console.open(method, path, { token, body, headers: reason });
    const status = response.statusCode ?? 0;
    if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
      response.destroy();
      return { status, code: undefined, state: undefined };
    }
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { code, state } = (text === '' ? {} : JSON.parse(text)) as Partial<Told>;
    return { status, code, state };
  }

  /** Everything that is stored and sent, but for what is passing, by table. */
  async #traces(): Promise<Readonly<Record<string, string>>> {
    const { db, peer } = this.site;
    const tables = await db.query<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    const stored: Record<string, string> = { sent: [...peer.byRequest.keys()].join(' ') };
    for (const { name } of tables.filter((table) => !PASSING.test(table.name))) {
      const rows = await db.query(lasting[name] ?? `SELECT * FROM "${name}"`, {
        since: this.#time - DAY / 2,
      });
      // Told every half minute by a clock that nobody moves.
      stored[name] = JSON.stringify(rows, (key, value: unknown) =>
        key === 'last_used_at' ? undefined : value,
      );
    }
    return stored;
  }
}
