import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, type DynamicModule } from '@nestjs/common';
import { startNest } from '@espalier/nest-kit';
import type { Database } from '@espalier/persistence';
import { createMetrics, Lifecycle, type Logger } from '@espalier/service-kit';
import { openGate } from '../access/open-gate.fixture.js';
import { noGate } from '../approvals/no-gate.fixture.js';
import { createContentServer } from '../content/content.server.js';
import { PackageFolder } from '../content/package.folder.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { libraryControllers, libraryProviders, type LibraryRooms } from './library.rooms.js';

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class LibraryModule {}

export interface LibraryServers {
  /** Of the console door. */
  readonly console: number;
  /** Of the content door. */
  readonly content: number;
  stop(): Promise<void>;
}

/** Both doors of the library on free ports, without TLS and without other rooms. */
export async function startLibraryServers(
  { db, rooms }: { readonly db: Database; readonly rooms: LibraryRooms },
  logger: Logger,
): Promise<LibraryServers> {
  const lifecycle = new Lifecycle({ logger, graceMs: 10_000 });
  const module: DynamicModule = {
    module: LibraryModule,
    controllers: [...libraryControllers],
    providers: [
      ...libraryProviders(rooms),
      noGate(),
      { provide: IdempotencyService, useValue: new IdempotencyService(db, () => new Date()) },
    ],
  };
  const kit = { logger, lifecycle, metrics: createMetrics('spec') };
  const { port } = await startNest(kit, module, {
    name: 'console',
    host: '127.0.0.1',
    port: 0,
    gate: openGate,
  });
  const content = await startContentServer(rooms, logger);
  return {
    console: port,
    content: (content.address() as AddressInfo).port,
    stop: async () => {
      content.close();
      content.closeAllConnections();
      await lifecycle.shutdown('the spec is over');
    },
  };
}

async function startContentServer({ contents }: LibraryRooms, logger: Logger): Promise<Server> {
  const server = createContentServer({ packages: new PackageFolder(undefined), content: contents, logger });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
