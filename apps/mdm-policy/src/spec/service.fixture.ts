import { randomUUID } from 'node:crypto';
import type { PolicyDeployment, PolicyItem } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { COLLECTION, SpecClock, versionOf } from './bus.fixture.js';
import { Replica } from './replica.fixture.js';
import { StandInConfigProxy } from './stand-in-config-proxy.fixture.js';
import { StandInMdm } from './stand-in-mdm.fixture.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** States of topic 301. */
export const [STARTED, WAITS_FOR_WINDOW, FAILED, NOT_MET, DONE] = [1, 4, 6, 7, 10] as const;
/** States of topic 300. */
export const [UNKNOWN, COMPLIANT, NON_COMPLIANT, CONFLICT, ERROR] = [0, 1, 2, 3, 4] as const;
/** A state of topic 302. */
export const EVALUATED = 2;

export const profile = (changes: Partial<PolicyItem> = {}): PolicyItem => {
  const ciId = randomUUID();
  return {
    ciId,
    revision: 1,
    kind: 'profile',
    identifier: 'org.example.wifi',
    version: versionOf(ciId),
    displayName: 'Wi-Fi',
    scope: 'system',
    platforms: ['mac'],
    ...changes,
  };
};

export const deployment = (
  items: PolicyItem[],
  changes: Partial<PolicyDeployment> = {},
): PolicyDeployment => ({
  id: randomUUID(),
  version: 1,
  name: 'Wi-Fi for all',
  collectionId: COLLECTION,
  intent: 'required',
  action: 'install',
  enabled: true,
  startAt: Date.now() - HOUR,
  deadlineAt: null,
  localTime: false,
  priority: 1,
  overrideWindows: false,
  createdAt: Date.now() - HOUR,
  items,
  ...changes,
});

/** The service over a real nats-server and a database; mdm with its devices and config-proxy are stand-ins. */
export class ServiceHarness {
  readonly #replicas = new Set<Replica>();

  private constructor(
    readonly server: NatsServer,
    readonly db: Database,
    readonly clock: SpecClock,
    readonly mdm: StandInMdm,
    readonly site: StandInConfigProxy,
  ) {}

  /** Nothing of the service runs yet. */
  static async start(db: Database): Promise<ServiceHarness> {
    const [server, clock] = [await startNatsServer(), new SpecClock()];
    const mdm = await StandInMdm.start(server, clock);
    return new ServiceHarness(server, db, clock, mdm, await StandInConfigProxy.start(server, clock));
  }

  readonly replica = async (
    options: Parameters<typeof Replica.start>[3] = {},
    on = this.db,
  ): Promise<Replica> => {
    const started = await Replica.start(on, this.server, this.clock, options);
    this.#replicas.add(started);
    return started;
  };

  async end(replica: Replica): Promise<void> {
    this.#replicas.delete(replica);
    await replica.stop();
  }

  readonly compliant = (id: string, of: PolicyDeployment): Promise<void> =>
    this.site.until(`${id} complies`, () => this.site.message(id, of.id, 300)?.stateId === COMPLIANT);

  readonly commandsOf = (id: string): string[] =>
    this.mdm.commands.filter((command) => command.enrollmentId === id).map((command) => command.requestType);

  async stop(): Promise<void> {
    await Promise.all([...this.#replicas].map((replica) => this.end(replica)));
    await Promise.all([this.mdm, this.site].map((standIn) => standIn.messaging.drain(5_000)));
    await this.server.stop();
  }
}
