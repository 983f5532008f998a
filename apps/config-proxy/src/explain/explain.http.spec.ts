import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import {
  explainPolicy,
  getCommand,
  getEnrollment,
  type DeploymentDetail,
  type ExplainAnswer,
  type LibraryThing,
  type PolicyDecision,
} from '@espalier/contracts';
import { startNest } from '@espalier/nest-kit';
import { createMetrics, Lifecycle } from '@espalier/service-kit';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { openGate, visibilityOf } from '../access/open-gate.fixture.js';
import { Visibility } from '../access/visibility.service.js';
import { DeploymentBus } from '../deployments/deployment-bus.fixture.js';
import { specLogger, type DeploymentHarness } from '../deployments/deployment.fixture.js';
import { ExplainController } from './explain.controller.js';
import { mdmEnrollment, policyDecision, queuedCommand } from './explain.fixture.js';
import { ExplainService } from './explain.service.js';

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class ExplainModule {}

const COLLECTIONS = ['ESP00014', 'ESP00015', 'ESP00016'] as const;

/** Over HTTP, and a real nats-server with peers that speak the contracts of mdm and mdm-policy. */
describe('a configuration item, explained by itself', () => {
  let nats: NatsServer;
  let bus: DeploymentBus;
  let site: DeploymentHarness;
  let lifecycle: Lifecycle;
  let port: number;
  let mac: number;
  let ci: LibraryThing;
  /** What the policy thinks. */
  let decisions: PolicyDecision[];

  beforeEach(async () => {
    nats = await startNatsServer();
    bus = await DeploymentBus.start(nats);
    const { policy, mdm } = bus;
    site = bus.site;
    [mac = 0] = await site.addDevices(1);
    for (const collection of COLLECTIONS.slice(0, 2)) await site.addCollection(collection, [mac]);
    await site.addCollection(COLLECTIONS[2]);
    decisions = [];
    await Promise.all(
      [
        policy.serve(explainPolicy, () => ({
          known: true,
          inScope: decisions.map(({ deploymentId }) => ({ deploymentId, since: site.now })),
          evaluatedAt: site.now,
          dueAt: null,
          decisions,
        })),
        mdm.serve(getEnrollment, ({ id }) => ({ enrollment: mdmEnrollment({ id }), openCommands: 0 })),
        mdm.serve(getCommand, () => ({ command: queuedCommand(), result: null })),
      ].map(({ active }) => active),
    );
    ci = site.library.add('configuration-item', 'Wi-Fi');
    lifecycle = new Lifecycle({ logger: specLogger, graceMs: 5_000 });
    const module = {
      module: ExplainModule,
      controllers: [ExplainController],
      providers: [
        { provide: ExplainService, useValue: site.rooms.explain },
        { provide: Visibility, useValue: visibilityOf(bus.db) },
      ],
    };
    const kit = { logger: specLogger, lifecycle, metrics: createMetrics('spec') };
    ({ port } = await startNest(kit, module, { name: 'spec', host: '127.0.0.1', port: 0, gate: openGate }));
  });
  afterEach(async () => {
    await lifecycle.shutdown('the spec is over');
    await bus.stop();
    await nats.stop();
  });

  async function explain(thing = ci.thingId): Promise<ExplainAnswer> {
    const url = `http://127.0.0.1:${port}/api/v1/devices/${mac}/explain?thing=${thing}`;
    const response = await fetch(url, { headers: { connection: 'close' } });
    expect(response.status).toBe(200);
    return (await response.json()) as ExplainAnswer;
  }
  /** A baseline with the item and another one, deployed. */
  async function deployed(
    name: string,
    collectionId: string,
    more: Parameters<DeploymentHarness['deploy']>[2] = {},
  ): Promise<DeploymentDetail> {
    const baseline = site.library.add('baseline', name, [
      { ciId: ci.thingId },
      { identifier: 'com.example.vpn' },
    ]);
    return site.deploy(baseline, collectionId, more);
  }
  const decided = (of: DeploymentDetail, changes: Partial<PolicyDecision> = {}): PolicyDecision =>
    policyDecision({ deploymentId: of.id, ciId: ci.thingId, ...changes });

  it('answers by the chain through the baseline, of this item only', async () => {
    const security = await deployed('Security', 'ESP00014');
    await site.deploy(site.library.add('baseline', 'Other'), 'ESP00014');
    const other = decided(security, { ciId: randomUUID(), state: 'failed', lastError: 'no VPN' });
    decisions = [other, decided(security)];
    const { answer, explanations } = await explain();
    expect(answer).toMatch(/^It has it since/);
    expect(explanations).toMatchObject([
      { deploymentId: security.id, thingName: 'Security', complies: true },
    ]);
    const links = explanations[0]?.chain ?? [];
    expect(links.find(({ link }) => link === 'deployment')?.text).toMatch(
      /installs it as required, as part of the baseline "Security"\.$/,
    );
    expect(links.at(-1)?.facts).toEqual({ items: 1, verified: 1 });
    // Asked for the baseline, all of it counts.
    expect(await explain(security.thingId)).toMatchObject({ explanations: [{ complies: false }] });
    expect((await explain(randomUUID())).answer).toMatch(/not deployed to anything/);
  });

  it('answers by all of several deployments, the one that has the say first', async () => {
    const old = await deployed('Old', 'ESP00014', { priority: 2 });
    site.now += 1_000;
    const direct = await site.deploy(ci, 'ESP00015');
    site.now += 1_000;
    const elsewhere = await deployed('Elsewhere', 'ESP00016', { priority: 2 });
    const names = async (): Promise<string[]> =>
      (await explain()).explanations.map(({ deploymentId }) => deploymentId);
    decisions = [
      decided(direct, { state: 'lost', rule: 'priority', winnerDeploymentId: old.id }),
      decided(old, { state: 'failed', commandId: null, lastError: 'It does not fit.' }),
    ];
    expect(await names()).toEqual([old.id, direct.id, elsewhere.id]);
    expect((await explain()).answer).toMatch(/It does not fit/);
    // Both want the same: both hold, and by its priority one has the say.
    decisions = [decided(direct), decided(old)];
    expect(await names()).toEqual([old.id, direct.id, elsewhere.id]);
    expect((await explain()).answer).toMatch(/^It has it since/);
    decisions = [decided(direct), decided(old, { state: 'disabled' })];
    expect(await names()).toEqual([direct.id, old.id, elsewhere.id]);
  });
});
