import { setTimeout as delay } from 'node:timers/promises';
import {
  complianceStates,
  configProxyInterface,
  mdmPolicyInterface,
  policyStatesReported,
  stateTopics,
} from '@espalier/contracts';
import { connectMessaging, eventMessage } from '@espalier/messaging';
import { createInbox, openDatabase, type Database } from '@espalier/persistence';
import { startNatsServer, startPostgres } from '@espalier/testing';
import { DeploymentHarness, deploymentMigrations, specLogger } from '../deployments/deployment.fixture.js';

const EVENTS = 60;
const MESSAGES = 20;
const COLLECTION = 'ESP00014';

describe('state messages while the database pauses', () => {
  it('are neither lost nor counted twice', async () => {
    const [nats, postgres] = await Promise.all([startNatsServer(), startPostgres()]);
    const db: Database = openDatabase({
      url: postgres.url,
      schema: 'config_proxy',
      migrations: deploymentMigrations,
      logger: specLogger,
      connectTimeoutMs: 500,
      statementTimeoutMs: 500,
    });
    await db.migrate();
    const bus = [configProxyInterface, mdmPolicyInterface].map((service) =>
      connectMessaging({ service, servers: [nats.url], logger: specLogger, replica: 'spec' }),
    );
    try {
      await Promise.all(bus.map((messaging) => messaging.whenReady(10_000)));
      const [own, policy] = bus as [(typeof bus)[0], (typeof bus)[0]];
      const site = new DeploymentHarness(db, own);
      await site.addCollection(COLLECTION);
      const { id } = await site.deploy(site.library.add('configuration-item', 'Wi-Fi'), COLLECTION);
      const publish = (event: number): Promise<unknown> =>
        policy.publishOutboxMessage(
          eventMessage(policyStatesReported, {
            messages: Array.from({ length: MESSAGES }, (_, n) => ({
              enrollmentId: `MAC-${event * MESSAGES + n}`,
              topicType: stateTopics.assignmentCompliance,
              topicId: id,
              stateId: complianceStates.compliant,
              at: site.now,
              sequence: 1,
            })),
          }),
        );
      await Promise.all(site.rooms.listen(createInbox(db)).map(({ active }) => active));
      for (let event = 0; event < EVENTS; event += 1) {
        await publish(event);
        if (event === EVENTS / 2) postgres.pause();
      }
      // Long enough that deliveries fail and are made again.
      await delay(3_000);
      postgres.resume();
      const deadline = AbortSignal.timeout(25_000);
      const success = async (): Promise<number> =>
        (await site.rooms.deployments.summary(id).catch(() => undefined))?.counts.success ?? 0;
      while ((await success()) < EVENTS * MESSAGES) await delay(20, undefined, { signal: deadline });
      await Promise.all(bus.map((messaging) => messaging.drain(2_000)));
      expect(await success()).toBe(EVENTS * MESSAGES);
      await db.execute('UPDATE {deployment} SET counted_at = 0');
      await site.rooms.upkeep.recountOne(site.now);
      expect(await success()).toBe(EVENTS * MESSAGES);
    } finally {
      postgres.resume();
      await Promise.all(bus.map((messaging) => messaging.drain(1_000)));
      await db.close();
      await postgres.stop();
      await nats.stop();
    }
  }, 60_000);
});
