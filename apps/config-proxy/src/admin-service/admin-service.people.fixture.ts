import { join } from 'node:path';
import { allApiScopes } from '@espalier/contracts';
import { openDatabase, type Database } from '@espalier/persistence';
import { loadKeyring } from '@espalier/secrets';
import { TaskHarness } from '../client-tasks/client-task.fixture.js';
import { silentLogger, type Answer } from '../config-proxy.fixture.js';
import { configProxyMigrations } from '../migrations/index.js';
import { AdminServiceHarness, FIRST_DEVICE, type ODataAnswer } from './admin-service.fixture.js';

/** A Full Administrator with a token that they made themselves. */
export interface SpecPerson {
  readonly id: string;
  readonly token: string;
}

/** As public scripts encode it: UTF-16LE behind a byte order mark. */
export const utf16 = (text: string): string =>
  Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]).toString('base64');
export const ofDevice = (id: number, method: string): string => `v1.0/Device(${id})/AdminService.${method}`;
export const ofCollection = (method: string): string => `v1.0/Collections('SMS00001')/AdminService.${method}`;
export const codeOf = ({ json }: ODataAnswer): string => json.error.innererror.code;

/** The whole service, with two people; one device has a Mac client, which fetches and reports as its door will. */
export class PeopleHarness {
  readonly #people: SpecPerson[] = [];

  private constructor(
    readonly site: AdminServiceHarness,
    readonly db: Database,
    readonly client: TaskHarness['rooms']['tasks'],
  ) {}

  static async start(): Promise<PeopleHarness> {
    const site = await AdminServiceHarness.start({
      ESPALIER_APPROVALS: 'required',
      ESPALIER_APPROVER_REST_HOURS: '0',
    });
    const { place } = site.console;
    const db = openDatabase({
      url: `sqlite:${join(place.folder, 'config-proxy.sqlite')}`,
      schema: 'config_proxy',
      migrations: configProxyMigrations,
      logger: silentLogger,
    });
    const clock = { at: Date.now(), now: () => new Date() };
    const client = new TaskHarness(db, clock, 'off', loadKeyring(place.keyringFile)).rooms.tasks;
    await client.register(FIRST_DEVICE, '1.0');
    for (const udid of ['UDID-1', 'UDID-2', 'UDID-3']) site.peer.addDevice(udid);
    const harness = new PeopleHarness(site, db, client);
    for (const name of ['anna', 'bert']) harness.#people.push(await harness.hire(name));
    return harness;
  }

  /** Who asks. */
  get anna(): SpecPerson {
    return this.#people[0] as SpecPerson;
  }

  /** Who approves. */
  get bert(): SpecPerson {
    return this.#people[1] as SpecPerson;
  }

  /** A new Full Administrator, who has made a token of their own. */
  readonly hire = async (name: string): Promise<SpecPerson> => {
    const { console: door } = this.site;
    const { json } = await door.admin<{ id: string }>('POST', '/api/v1/administrators', { name });
    const assignments = [{ roleId: 'full-administrator', collectionIds: null }];
    await door.admin('PUT', `/api/v1/administrators/${json.id}/assignments`, { assignments });
    const token = { name, scopes: allApiScopes, administratorId: json.id };
    const first = await door.admin<{ secret: string }>('POST', '/api/v1/tokens', token);
    return { id: json.id, token: await this.ownToken(first.json.secret, name) };
  };

  /** Another token of whoever has this one. */
  readonly ownToken = async (secret: string, name: string): Promise<string> => {
    const own = { token: secret, body: { name, scopes: allApiScopes } };
    return (await this.site.console.send<{ secret: string }>('POST', '/api/v1/tokens', own)).json.secret;
  };

  /** @param path after `/AdminService/` */
  readonly by = (
    { token }: Pick<SpecPerson, 'token'>,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ODataAnswer> => this.site.send(method, path, { token, body, headers });

  /** Through the JSON API. */
  readonly api = <T = Record<string, unknown>>(
    { token }: SpecPerson,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<T>> => this.site.console.send<T>(method, path, { token, body });

  /** What the Mac client has printed. */
  readonly reported = async (output: string, exitCode = 0): Promise<void> => {
    for (const { id } of await this.client.take(FIRST_DEVICE))
      await this.client.report(FIRST_DEVICE, id, {
        state: exitCode === 0 ? 'succeeded' : 'failed',
        exitCode,
        output,
      });
  };

  async stop(): Promise<void> {
    await this.db.close();
    await this.site.stop();
  }
}
