import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  complianceStates,
  evaluatePolicy,
  explainPolicy,
  getCommand,
  getEnrollment,
  getPolicyContent,
  getPolicyDeployment,
  listPolicyDeployments,
  mdmErrors,
  mdmPolicyStatusReported,
  policyStatesReported,
  stateTopics,
} from '@espalier/contracts';
import { eventMessage, EventPublisher, type Messaging } from '@espalier/messaging';
import { createInbox, createOutbox, type Database } from '@espalier/persistence';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { mdmEnrollment, policyDecision, queuedCommand } from '../explain/explain.fixture.js';
import { JobRunner } from '../jobs/job.runner.js';
import { JobStore } from '../jobs/job.store.js';
import { DeploymentBus } from './deployment-bus.fixture.js';
import { specActor, specLogger, type DeploymentHarness } from './deployment.fixture.js';

const COLLECTION = 'ESP00014';

/** Deployments on a real nats-server, with peers that speak the contracts of mdm and mdm-policy. */
describe('deployments on the bus', () => {
  let nats: NatsServer;
  let bus: DeploymentBus;
  let db: Database;
  let site: DeploymentHarness;
  let own: Messaging;
  let policy: Messaging;
  let mdm: Messaging;
  let devices: number[];

  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterAll(() => nats.stop());

  beforeEach(async () => {
    bus = await DeploymentBus.start(nats);
    ({ db, own, policy, mdm, site } = bus);
    devices = await site.addDevices(3);
    await site.addCollection(COLLECTION, devices);
  });
  afterEach(() => bus.stop());

  async function until(condition: () => Promise<boolean>): Promise<void> {
    const deadline = AbortSignal.timeout(10_000);
    while (!(await condition())) await delay(5, undefined, { signal: deadline });
  }
  const listen = (): Promise<void[]> =>
    Promise.all(
      [...site.rooms.listen(createInbox(db)), ...site.status.listen(own, createInbox(db))].map(
        ({ active }) => active,
      ),
    );
  const deploy = (name = 'Wi-Fi') => site.deploy(site.library.add('configuration-item', name), COLLECTION);

  it('tell the policy what it needs: one, all by pages, content; null for one that was deleted', async () => {
    await listen();
    const made = [await deploy('A'), await deploy('B'), await deploy('C')];
    const [first] = made;
    const { deployment } = await policy.call(getPolicyDeployment, { deploymentId: first?.id ?? '' });
    expect(deployment).toMatchObject({
      id: first?.id,
      version: 1,
      intent: 'required',
      items: [{ displayName: 'A' }],
    });
    const one = await policy.call(listPolicyDeployments, { limit: 2 });
    const two = await policy.call(listPolicyDeployments, { limit: 2, cursor: one.nextCursor });
    expect([...one.items, ...two.items].map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(two.nextCursor).toBeUndefined();
    const { content } = await policy.call(getPolicyContent, { ciId: randomUUID(), revision: 1 });
    expect(content.kind).toBe('profile');
    await site.rooms.deployments.delete(first?.id ?? '', 'Eve', undefined);
    expect(await policy.call(getPolicyDeployment, { deploymentId: first?.id ?? '' })).toEqual({
      deployment: null,
    });
  });

  it('take in states and status messages, each once', async () => {
    const { id } = await deploy();
    await listen();
    const message = eventMessage(policyStatesReported, {
      messages: [0, 1].map((n) => ({
        enrollmentId: `MAC-${n}`,
        topicType: stateTopics.assignmentCompliance,
        topicId: id,
        stateId: complianceStates.compliant,
        at: site.now,
        sequence: 1,
      })),
    });
    await policy.publishOutboxMessage(message);
    await policy.publishOutboxMessage(message);
    const line = {
      at: site.now,
      severity: 'warning',
      component: 'handover',
      messageId: 'mdm-refused',
      text: 'No.',
    } as const;
    await policy.publishOutboxMessage(eventMessage(mdmPolicyStatusReported, line));
    await until(async () => (await site.rooms.deployments.summary(id)).counts.success === 2);
    await until(
      async () =>
        (await site.status.store.list({ limit: 10, filter: "service eq 'mdm-policy'" })).rows.length === 1,
    );
    expect((await site.status.store.list({ limit: 10, filter: "severity eq 'warning'" })).rows).toMatchObject(
      [{ ...line, service: 'mdm-policy' }],
    );
  });

  /** Peers that know everything of MAC-0 and its command. */
  async function servePeers(deploymentId: string): Promise<void> {
    const decision = policyDecision({ deploymentId });
    const served = [
      policy.serve(explainPolicy, ({ enrollmentId }) => ({
        known: enrollmentId === 'MAC-0',
        inScope: [{ deploymentId, since: site.now }],
        evaluatedAt: site.now,
        dueAt: null,
        decisions: [decision, policyDecision({ deploymentId, identifier: 'com.example.vpn' })],
      })),
      mdm.serve(getEnrollment, ({ id }) => ({ enrollment: mdmEnrollment({ id }), openCommands: 0 })),
      mdm.serve(getCommand, ({ id }) => {
        if (id !== decision.commandId) throw mdmErrors.ESP_MDM_COMMAND_UNKNOWN({ detail: id });
        return { command: queuedCommand(), result: null };
      }),
    ];
    await Promise.all(served.map(({ active }) => active));
  }

  it('explain themselves by asking everybody who had a part in it', async () => {
    const made = await deploy();
    await servePeers(made.id);
    const [mac = 0, other = 0] = devices;
    const found = await site.rooms.explain.explain(mac, { deployment: made.id });
    expect(found.explanations).toMatchObject([{ complies: true, deploymentId: made.id }]);
    expect(found.answer).toMatch(/^It has it since/);
    expect(found.explanations[0]?.chain.at(-1)?.facts).toEqual({ items: 2, verified: 2 });
    expect((await site.rooms.explain.explain(mac, { thing: made.thingId })).answer).toMatch(
      /^It has it since/,
    );
    expect((await site.rooms.explain.explain(other, {})).answer).toMatch(/not heard of the enrolment/);
    await db.execute('DELETE FROM {collection_member} WHERE resource_id = :mac', { mac });
    expect((await site.rooms.explain.explain(mac, { deployment: made.id })).answer).toMatch(
      /^Missing link: Mac 0 is not a member of Lab ESP00014: No rule/,
    );
    expect((await site.rooms.explain.explain(mac, {})).answer).toBe('Nothing is deployed to it.');
    expect((await site.rooms.explain.explain(mac, { thing: randomUUID() })).answer).toMatch(
      /not deployed to anything/,
    );
    await expect(site.rooms.explain.explain(1, {})).rejects.toMatchObject({ code: 'ESP_RESOURCE_UNKNOWN' });
    await expect(site.rooms.explain.explain(mac, { deployment: randomUUID() })).rejects.toMatchObject({
      code: 'ESP_DEPLOYMENT_UNKNOWN',
    });
  });

  it('explain themselves also where neither mdm nor mdm-policy runs', async () => {
    const made = await deploy();
    const [mac = 0] = devices;
    expect((await site.rooms.explain.explain(mac, { deployment: made.id })).answer).toMatch(
      /^Not known: mdm-policy/,
    );
    await site.report({
      enrollmentId: 'MAC-0',
      topicType: 300,
      topicId: made.id,
      stateId: complianceStates.compliant,
      at: site.now,
      sequence: 1,
    });
    const found = await site.rooms.explain.explain(mac, {});
    expect(found.explanations[0]?.complies).toBe(true);
    expect(found.answer).toMatch(/mdm-policy does not answer now/);
  });

  it('explain what is deployed to the users of a device', async () => {
    const [mac = 0] = devices;
    const ada = await site.addUser(2_063_597_569, 'ada', mac);
    await site.addCollection('ESP0USER', [2_063_597_569], 'user');
    const made = await site.deploy(
      site.library.add('configuration-item', 'Dock', [{ scope: 'user' }]),
      'ESP0USER',
    );
    const found = await site.rooms.explain.explain(mac, {});
    expect(found.explanations.map(({ deploymentId }) => deploymentId)).toEqual([made.id]);
    expect(found.explanations[0]?.chain.slice(0, 4)).toMatchObject([
      { link: 'resource', state: 'ok' },
      { link: 'enrollment', state: 'ok', facts: { enrollmentId: ada } },
      { link: 'collection', state: 'ok' },
      { link: 'membership', state: 'ok' },
    ]);
  });

  it('have devices evaluated: one at once, all as a job', async () => {
    const made = await deploy();
    const asked: string[][] = [];
    const { active } = policy.serve(evaluatePolicy, ({ enrollmentIds, requestedBy }) => {
      asked.push([...enrollmentIds, requestedBy]);
      return { scheduled: enrollmentIds.length };
    });
    await active;
    const asker = { callerId: 'token', title: 'Eve', origin: { actor: specActor } };
    expect(await site.rooms.evaluations.device(devices[0] ?? 0, asker)).toEqual({ scheduled: 1 });
    await expect(site.rooms.evaluations.device(1, asker)).rejects.toMatchObject({
      code: 'ESP_RESOURCE_UNKNOWN',
    });
    const job = await site.rooms.evaluations.deployment(made.id, asker, 'key');
    expect(await site.rooms.evaluations.deployment(made.id, asker, 'key')).toEqual(job);
    const jobs = new JobStore(db);
    const runner = new JobRunner({
      db,
      store: jobs,
      events: new EventPublisher(createOutbox(db), { nudge: () => undefined }),
      kinds: site.rooms.jobKinds,
      logger: specLogger,
      now: () => new Date(site.now),
      uuid: randomUUID,
      pollMs: 5,
    });
    runner.start();
    await until(async () => (await jobs.get(job.id))?.state === 'succeeded');
    await runner.stop();
    expect(asked).toEqual([
      ['MAC-0', 'Eve'],
      ['MAC-0', 'MAC-1', 'MAC-2', 'Eve'],
    ]);
    expect(await jobs.get(job.id)).toMatchObject({ done: 3, total: 3 });
  });
});
