import {
  commonErrors,
  compareScopes,
  configProxyInterface,
  correctScopes,
  correctWindows,
  deploymentChanged,
  getPolicyContent,
  getPolicyDeployment,
  listPolicyDeployments,
  maintenanceWindowsChanged,
  mdmPolicyStatusReported,
  mdmStatusReported,
  policyStatesReported,
  republishScope,
  scopeDropped,
  scopeMembersChanged,
  scopeTag,
  windowsTag,
  type EventContract,
  type MaintenanceWindow,
  type PolicyDeployment,
  type StateMessage,
  type StatusMessage,
} from '@espalier/contracts';
import { eventMessage, type Messaging } from '@espalier/messaging';
import type { NatsServer } from '@espalier/testing';
import type { z } from 'zod';
import { COLLECTION, connect, Happenings, type SpecClock } from './bus.fixture.js';

/** Stands in for config-proxy: deployments and their scope, and what it was told of the states. */
export class StandInConfigProxy extends Happenings {
  readonly deployments = new Map<string, PolicyDeployment>();
  /** The last message of each topic, by `enrolment topic id`; those that are gone are left out. */
  readonly states = new Map<string, StateMessage>();
  readonly statuses: StatusMessage[] = [];
  readonly republished: string[] = [];
  /** Answers that there is no such content. */
  unknownContent = false;
  #version = 1;
  /** Who is a member of the collection, whether the policy heard of it or not. */
  readonly #members = new Set<string>();
  #windows: readonly MaintenanceWindow[] = [];
  /** How often the policy asked whether its members are right. */
  comparisons = 0;

  private constructor(
    readonly messaging: Messaging,
    private readonly clock: SpecClock,
  ) {
    super();
    messaging.serve(getPolicyDeployment, ({ deploymentId }) => ({
      deployment: this.deployments.get(deploymentId) ?? null,
    }));
    messaging.serve(listPolicyDeployments, () => ({ items: [...this.deployments.values()] }));
    messaging.serve(getPolicyContent, ({ ciId }) => ({ content: this.#content(ciId) }));
    messaging.serve(republishScope, ({ collectionIds }) => {
      this.republished.push(...collectionIds);
      this.happened();
      return { accepted: collectionIds };
    });
    messaging.serve(compareScopes, ({ after, through, enrollments }) => {
      this.comparisons += 1;
      const isMeant = (id: string): boolean => id > after && (through === null || id <= through);
      const digest = (isMember: boolean): number | undefined => (isMember ? scopeTag(COLLECTION) : undefined);
      const there = new Map(enrollments.map((one) => [one.id, one.digest]));
      const all = [...new Set([...[...this.#members].filter(isMeant), ...there.keys()])];
      const differing = all.filter((id) => digest(this.#members.has(id)) !== there.get(id));
      return { differing, through: null };
    });
    messaging.serve(correctScopes, async ({ enrollments, version }) => {
      this.#version = Math.max(this.#version, version);
      await this.members(Object.fromEntries(enrollments.map(({ id }) => [id, this.#members.has(id)])));
      return { corrected: enrollments.length };
    });
    messaging.serve(correctWindows, async ({ collections }) => {
      const known = collections.find(({ id }) => id === COLLECTION);
      if ((known?.digest ?? 0) === windowsTag(this.#windows)) return { corrected: 0 };
      this.#version = Math.max(this.#version, known?.version ?? 0);
      await this.windows(this.#windows);
      return { corrected: 1 };
    });
    messaging.consume(policyStatesReported, {
      durable: 'states',
      handler: async ({ payload }) => {
        for (const message of payload.messages) this.#hear(message);
        this.happened();
        await Promise.resolve();
      },
    });
    messaging.consume([mdmStatusReported, mdmPolicyStatusReported], {
      durable: 'status',
      handler: async ({ payload }) => {
        this.statuses.push(payload);
        this.happened();
        await Promise.resolve();
      },
    });
  }

  static async start(server: NatsServer, clock: SpecClock): Promise<StandInConfigProxy> {
    const messaging = await connect(configProxyInterface, server, 'stand-in');
    return new StandInConfigProxy(messaging, clock);
  }

  #content(ciId: string): z.input<typeof getPolicyContent.response>['content'] {
    const item = [...this.deployments.values()].flatMap((one) => one.items).find((one) => one.ciId === ciId);
    const known = item ?? this.#items.get(ciId);
    if (known === undefined || this.unknownContent) throw commonErrors.ESP_NOT_FOUND();
    if (known.kind === 'declaration')
      return { kind: 'declaration', type: 'com.apple.configuration.passcode.settings', payload: {} };
    const text = JSON.stringify({ identifier: known.identifier, uuid: known.version });
    return { kind: 'profile', payload: Buffer.from(text).toString('base64') };
  }

  readonly #items = new Map<string, PolicyDeployment['items'][number]>();

  #hear(message: StateMessage): void {
    const key = `${message.enrollmentId} ${message.topicType} ${message.topicId}`;
    if ((this.states.get(key)?.sequence ?? -1) >= message.sequence) return;
    if (message.gone === true) this.states.delete(key);
    else this.states.set(key, message);
  }

  /** The states of a deployment on an enrolment: evaluation, enforcement, compliance. */
  stateOf(enrollmentId: string, deploymentId: string): (number | undefined)[] {
    return [302, 301, 300].map((topic) => this.message(enrollmentId, deploymentId, topic)?.stateId);
  }

  message(enrollmentId: string, topicId: string, topic: number): StateMessage | undefined {
    return this.states.get(`${enrollmentId} ${topic} ${topicId}`);
  }

  publish<C extends EventContract>(
    contract: C,
    payload: z.input<C['payload']>,
    messageId?: string,
  ): Promise<unknown> {
    return this.messaging.publishOutboxMessage(
      eventMessage(contract, payload, messageId === undefined ? {} : { messageId }),
    );
  }

  get at(): number {
    return this.clock.now().getTime();
  }

  async deploy(deployment: PolicyDeployment): Promise<void> {
    this.deployments.set(deployment.id, deployment);
    for (const item of deployment.items) this.#items.set(item.ciId, item);
    await this.announce(deployment);
  }

  async announce({ id, version, collectionId }: PolicyDeployment): Promise<void> {
    await this.publish(deploymentChanged, {
      deploymentId: id,
      version,
      collectionId,
      deleted: false,
      at: this.at,
    });
  }

  async delete({ id, version, collectionId }: PolicyDeployment): Promise<void> {
    this.deployments.delete(id);
    await this.publish(deploymentChanged, {
      deploymentId: id,
      version: version + 1,
      collectionId,
      deleted: true,
      at: this.at,
    });
  }

  /** Events that never come. */
  loseMembers(changes: Readonly<Record<string, boolean>>): void {
    for (const [id, member] of Object.entries(changes))
      if (member) this.#members.add(id);
      else this.#members.delete(id);
  }

  async members(changes: Readonly<Record<string, boolean>>, version = (this.#version += 1)): Promise<void> {
    this.loseMembers(changes);
    const list = Object.entries(changes).map(([enrollmentId, member]) => ({ enrollmentId, member }));
    for (let from = 0; from < list.length; from += 500)
      await this.publish(scopeMembersChanged, {
        collectionId: COLLECTION,
        version,
        changes: list.slice(from, from + 500),
        at: this.at,
      });
  }

  async drop(): Promise<void> {
    await this.publish(scopeDropped, {
      collectionId: COLLECTION,
      version: (this.#version += 1),
      at: this.at,
    });
  }

  /** By an event that never comes. */
  loseWindows(windows: readonly MaintenanceWindow[]): void {
    this.#windows = windows;
  }

  async windows(windows: readonly MaintenanceWindow[]): Promise<void> {
    this.loseWindows(windows);
    await this.publish(maintenanceWindowsChanged, {
      collectionId: COLLECTION,
      version: (this.#version += 1),
      windows: [...windows],
      at: this.at,
    });
  }
}
