import {
  configProxyInterface,
  mdmInterface,
  mdmPolicyInterface,
  type ServiceInterface,
} from '@espalier/contracts';
import { connectMessaging, type Messaging } from '@espalier/messaging';
import { openDatabase, type Database } from '@espalier/persistence';
import type { NatsServer } from '@espalier/testing';
import { DeploymentHarness, deploymentMigrations, specLogger } from './deployment.fixture.js';

/** Deployments on a real nats-server, with connections for peers that speak the contracts of mdm and mdm-policy. */
export class DeploymentBus {
  readonly site: DeploymentHarness;

  private constructor(
    readonly db: Database,
    readonly own: Messaging,
    readonly policy: Messaging,
    readonly mdm: Messaging,
  ) {
    this.site = new DeploymentHarness(db, own);
    this.site.now = Date.now();
  }

  static async start({ url }: NatsServer): Promise<DeploymentBus> {
    const db = openDatabase({
      url: 'sqlite::memory:',
      schema: 'config_proxy',
      migrations: deploymentMigrations,
      logger: specLogger,
    });
    await db.migrate();
    const connect = async (service: ServiceInterface): Promise<Messaging> => {
      const messaging = connectMessaging({ service, servers: [url], logger: specLogger, replica: 'spec' });
      await messaging.whenReady(10_000);
      return messaging;
    };
    return new DeploymentBus(
      db,
      await connect(configProxyInterface),
      await connect(mdmPolicyInterface),
      await connect(mdmInterface),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.own, this.policy, this.mdm].map((messaging) => messaging.drain(5_000)));
    await this.db.close();
  }
}
