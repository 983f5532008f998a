import type { Type } from '@nestjs/common';
import type { Database } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import { ApplicationController } from '../applications/application.controller.js';
import { PackageController } from '../applications/package.controller.js';
import { ApplicationService, PackageService } from '../applications/software.service.js';
import { BaselineController } from '../baselines/baseline.controller.js';
import { BaselineService } from '../baselines/baseline.service.js';
import { ConfigurationItemController } from '../configuration-items/configuration-item.controller.js';
import { ConfigurationItemService } from '../configuration-items/configuration-item.service.js';
import { BlobStore } from '../content/blob.store.js';
import { ContentCollector } from '../content/content.collector.js';
import { ContentController } from '../content/content.controller.js';
import { ContentFiles } from '../content/content.files.js';
import { ContentService } from '../content/content.service.js';
import { ContentStore } from '../content/content.store.js';
import { UploadController } from '../content/upload.controller.js';
import { UploadLeases } from '../content/upload-lease.js';
import { UploadService } from '../content/upload.service.js';
import { UploadStore } from '../content/upload.store.js';
import type { DeploymentReferences, LibraryListener, NumberSource } from './library.interfaces.js';
import { LibraryService } from './library.service.js';
import { MemberStore } from './member.store.js';
import { RevisionStore } from './revision.store.js';
import { ThingService } from './thing.service.js';
import { ThingStore } from './thing.store.js';

/** What the library needs. */
export interface LibraryRoomsNeeds {
  readonly db: Database;
  /** Seals contents of revisions. */
  readonly vault: Keyring;
  readonly numbers: NumberSource;
  /** Hears of changes to what is deployed. */
  readonly listener: LibraryListener;
  readonly deployments: DeploymentReferences;
  /** Where uploaded content lies; without it nothing can be uploaded. */
  readonly contentStoreFolder: string | undefined;
  /** Bytes that it may hold; without it as many as the disk has. */
  readonly contentQuotaBytes?: number | undefined;
  readonly replica: string;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** The rooms of the library. */
export interface LibraryRooms {
  readonly library: LibraryService;
  readonly things: ThingService;
  readonly items: ConfigurationItemService;
  readonly baselines: BaselineService;
  readonly applications: ApplicationService;
  readonly packages: PackageService;
  readonly contents: ContentService;
  readonly uploads: UploadService;
  readonly collector: ContentCollector;
  /** Runs the collector now and then; to be started and stopped. */
  readonly collecting: NudgedLoop;
}

const COLLECT_MS = 600_000;

export function buildLibraryRooms(needs: LibraryRoomsNeeds): LibraryRooms {
  const { db, logger, now } = needs;
  const stores = { store: new ThingStore(), revisions: new RevisionStore(), members: new MemberStore() };
  const things = new ThingService({ ...needs, ...stores });
  const files = new ContentFiles(needs.contentStoreFolder);
  const contentStore = new ContentStore();
  const blobs = new BlobStore();
  const uploadStore = new UploadStore();
  const contents = new ContentService({ db, store: contentStore, blobs, files, logger });
  const collector = new ContentCollector({
    db,
    store: contentStore,
    blobs,
    uploads: uploadStore,
    files,
    logger,
    now,
  });
  const software = { db, things, contents, now };
  return {
    library: new LibraryService({ db, things, ...stores }),
    things,
    items: new ConfigurationItemService({ db, things, ...stores }),
    baselines: new BaselineService({ db, things, ...stores }),
    applications: new ApplicationService(software),
    packages: new PackageService(software),
    contents,
    uploads: new UploadService({
      db,
      store: uploadStore,
      contents: contentStore,
      blobs,
      files,
      leases: new UploadLeases({ db, store: uploadStore, now, replica: needs.replica }),
      quotaBytes: needs.contentQuotaBytes,
      logger,
      now,
      uuid: needs.uuid,
    }),
    collector,
    collecting: new NudgedLoop({
      name: 'content collection',
      logger,
      pollMs: COLLECT_MS,
      run: async (signal) => {
        await collector.collect(signal);
        return false;
      },
    }),
  };
}

/** Controllers of the library, for the console port. */
export const libraryControllers: readonly Type[] = [
  ConfigurationItemController,
  BaselineController,
  ApplicationController,
  PackageController,
  UploadController,
  ContentController,
];

/** What the controllers of the library are given. They need an IdempotencyService besides. */
export const libraryProviders = (rooms: LibraryRooms) => [
  { provide: ThingService, useValue: rooms.things },
  { provide: ConfigurationItemService, useValue: rooms.items },
  { provide: BaselineService, useValue: rooms.baselines },
  { provide: ApplicationService, useValue: rooms.applications },
  { provide: PackageService, useValue: rooms.packages },
  { provide: UploadService, useValue: rooms.uploads },
  { provide: ContentService, useValue: rooms.contents },
];
