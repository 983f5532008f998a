import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeProfile } from '@espalier/config-profile';
import type { LibraryThing } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { PlistInputDict } from '@espalier/plist';
import { createKeyring } from '@espalier/secrets';
import { createLogger } from '@espalier/service-kit';
import { readItemContent, readProfileContent } from '../configuration-items/item-content.js';
import { NumberSeries } from '../number-series/number-series.js';
import type { Thing } from './thing.js';
import { buildLibraryRooms, type LibraryRooms, type LibraryRoomsNeeds } from './library.rooms.js';

const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });

export const anyVersion = (): void => undefined;
export const author = { title: 'spec' };

export interface ProfileOptions {
  readonly identifier?: string;
  readonly uuid?: string;
  readonly scope?: 'System' | 'User';
  readonly text?: string;
  readonly extra?: PlistInputDict;
}

/** A .mobileconfig as an admin would upload it. */
export function mobileconfig(options: ProfileOptions = {}): Buffer {
  const { identifier = 'com.example.lock', uuid = randomUUID().toUpperCase(), text = 'Flurry' } = options;
  return encodeProfile({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuid,
    PayloadDisplayName: `Screen lock ${identifier}`,
    ...(options.scope !== undefined && { PayloadScope: options.scope }),
    PayloadContent: [
      {
        PayloadType: 'com.apple.screensaver',
        PayloadVersion: 1,
        PayloadIdentifier: `${identifier}.1`,
        PayloadUUID: '0E7A4C52-6F1B-4E0C-9C55-0B5B8E2F7D11',
        askForPassword: true,
        moduleName: text,
      },
    ],
    ...options.extra,
  });
}

/** The rooms of the library on a database and a folder of their own, with a clock that stands. */
export class LibraryHarness {
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-library-'));
  readonly store = join(this.folder, 'store');
  readonly rooms: LibraryRooms;
  /** What the listener was told, oldest first. */
  readonly told: LibraryThing[][] = [];
  /** What is deployed: thing id to names of deployments. */
  readonly deployed = new Map<string, string[]>();
  time = Date.parse('2026-11-21T10:00:00Z');

  constructor(
    readonly db: Database,
    options: {
      readonly folder?: string;
      readonly replica?: string;
      readonly quotaBytes?: number;
      /** What really is deployed; default: what `deployed` says. */
      readonly site?: Pick<LibraryRoomsNeeds, 'listener' | 'deployments'>;
    } = {},
  ) {
    this.rooms = buildLibraryRooms({
      db,
      vault: createKeyring([{ id: 'k1', key: Buffer.alloc(32, 7) }], 'k1'),
      numbers: new NumberSeries(),
      listener: {
        changed: (tx, things) => {
          tx.afterCommit(() => this.told.push([...things]));
          return Promise.resolve([]);
        },
      },
      deployments: {
        of: (_tx, { thingId }) =>
          Promise.resolve((this.deployed.get(thingId) ?? []).map((name) => ({ id: randomUUID(), name }))),
      },
      ...options.site,
      contentStoreFolder: options.folder ?? this.store,
      contentQuotaBytes: options.quotaBytes,
      replica: options.replica ?? 'spec',
      logger,
      now: () => new Date(this.time),
      uuid: randomUUID,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Makes a configuration item of a profile. */
  profile(options: ProfileOptions & { told?: 'system' | 'user' } = {}): Promise<Thing> {
    const content = readProfileContent(mobileconfig(options));
    return this.db.transaction((tx) =>
      this.rooms.items.create(
        tx,
        { description: '', categories: [], note: '', scope: options.told, content },
        author,
      ),
    );
  }

  /** Makes a configuration item of a declaration. */
  declaration(identifier = 'com.example.passcode', minimum = 8): Promise<Thing> {
    const content = readItemContent({
      kind: 'declaration',
      declaration: {
        Type: 'com.apple.configuration.passcode.settings',
        Identifier: identifier,
        Payload: { MinimumLength: minimum },
      },
    });
    return this.db.transaction((tx) =>
      this.rooms.items.create(tx, { description: '', categories: [], note: '', content }, author),
    );
  }

  baseline(members: readonly { ciId: string; revision?: number }[]): Promise<Thing> {
    return this.db.transaction((tx) =>
      this.rooms.baselines.create(
        tx,
        {
          name: 'Standard',
          description: '',
          categories: [],
          note: '',
          members: members.map(({ ciId, revision }) => ({ ciId, revision: revision ?? null })),
        },
        author,
      ),
    );
  }

  /** Begins an upload. */
  async announce(bytes: Buffer, fileName = 'installer.pkg', sha256 = hashOf(bytes)): Promise<string> {
    const asked = { fileName, name: fileName, size: bytes.length, sha256 };
    const { id } = await this.db.transaction((tx) => this.rooms.uploads.create(tx, asked, author));
    return id;
  }

  /** Uploads content; gives its id. */
  async upload(bytes: Buffer, fileName = 'installer.pkg'): Promise<string> {
    const id = await this.announce(bytes, fileName);
    await this.rooms.uploads.write(id, 0, parts(bytes));
    await this.rooms.uploads.finish(id);
    return id;
  }

  /** Makes a package that has the content. */
  package(contentId: string): Promise<Thing> {
    return this.db.transaction((tx) =>
      this.rooms.packages.create(
        tx,
        {
          name: 'Tools',
          description: '',
          categories: [],
          note: '',
          definition: {
            publisher: 'Example',
            softwareVersion: '1.0',
            language: '',
            contentId,
            platforms: ['mac'],
            programs: [
              {
                name: 'Install',
                commandLine: 'installer -pkg installer.pkg -target /',
                runAs: 'root',
                minimumOsVersion: null,
                maximumMinutes: 10,
              },
            ],
          },
        },
        author,
      ),
    );
  }
}

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes as a request gives them. */
export async function* parts(...all: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const part of all) yield await Promise.resolve(part);
}
