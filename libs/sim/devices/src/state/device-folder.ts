import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodePem, encodePem } from '@espalier/x509';
import type { DeviceIdentity } from '../identity/device-identity.js';
import { simErrors } from '../sim-devices.errors.js';
import { writeFileAtomic } from './atomic-file.js';
import {
  deviceState,
  parseJournal,
  type DeviceState,
  type JournalEntry,
  type MacUser,
  type PendingResult,
} from './device-state.js';

const STATE = 'state.json';
const KEY = 'identity.key.pem';
const CERTIFICATE = 'identity.pem';
const ENROLLMENT = 'enrollment.mobileconfig';
const JOURNAL = 'commands.ndjson';
const PROFILES = 'profiles';
const USERS = 'users';
const DECLARATIONS = 'declarations.json';
const DECLARATIONS_JOURNAL = 'declarations.ndjson';

/**
 * The folder of one device. `state.json` is the truth; one write of it holds a command's effects and its result
 * together, so that a kill leaves both or neither. Writing is synchronous: nothing comes between.
 */
export class DeviceFolder {
  #state: DeviceState;
  /** Commands that have an end, by CommandUUID. */
  readonly #ended = new Map<string, JournalEntry['status']>();

  private constructor(
    readonly path: string,
    state: DeviceState,
  ) {
    this.#state = state;
  }

  static create(parent: string, identity: DeviceIdentity): DeviceFolder {
    return DeviceFolder.#make(join(parent, identity.serial), identity);
  }

  /** Makes the folder of a user channel inside that of its Mac. */
  createUser(user: MacUser): DeviceFolder {
    return DeviceFolder.#make(join(this.path, USERS, user.id), this.#state.identity, user);
  }

  /** The user channels of this Mac. @throws EspalierError ESP_SIM_STATE_INVALID */
  openUsers(): DeviceFolder[] {
    const parent = join(this.path, USERS);
    if (!existsSync(parent)) return [];
    return readdirSync(parent)
      .sort()
      .map((name) => DeviceFolder.open(join(parent, name)));
  }

  static #make(path: string, identity: DeviceIdentity, user?: MacUser): DeviceFolder {
    mkdirSync(join(path, PROFILES), { recursive: true, mode: 0o700 });
    const folder = new DeviceFolder(path, {
      version: 1,
      identity,
      phase: 'new',
      ...(user !== undefined && { user }),
      profiles: [],
      applications: [],
      facts: {},
      locked: false,
      executions: 0,
    });
    folder.update({});
    return folder;
  }

  /** @throws EspalierError ESP_SIM_STATE_INVALID */
  static open(path: string): DeviceFolder {
    const folder = new DeviceFolder(path, DeviceFolder.peek(path));
    try {
      folder.#readJournal();
      return folder;
    } catch (cause) {
      throw simErrors.ESP_SIM_STATE_INVALID({ detail: path, cause });
    }
  }

  get state(): Readonly<DeviceState> {
    return this.#state;
  }

  /** Changes and writes the state; what is given as undefined is taken out. */
  update(changes: { readonly [K in keyof DeviceState]?: DeviceState[K] | undefined }): void {
    const next = { ...this.#state, ...changes };
    const entries = Object.entries(next).filter(([, value]) => value !== undefined);
    this.#state = Object.fromEntries(entries) as DeviceState;
    writeFileAtomic(join(this.path, STATE), `${JSON.stringify(this.#state, null, 1)}\n`);
  }

  /** Writes what a command did together with its result, then its line in the journal. */
  commit(changes: Partial<DeviceState>, pending: PendingResult, at: Date): void {
    this.update({ ...changes, pending, executions: pending.execution });
    this.#append(pending, at);
  }

  /** How a command ended, where it did. */
  endOf(commandUuid: string): JournalEntry['status'] | undefined {
    return this.#ended.get(commandUuid);
  }

  /** Every report made, oldest first. */
  journal(): JournalEntry[] {
    const path = join(this.path, JOURNAL);
    return existsSync(path) ? parseJournal(readFileSync(path, 'utf8')) : [];
  }

  get key(): KeyObject | undefined {
    const pem = this.#read(KEY);
    return pem === undefined ? undefined : createPrivateKey(pem);
  }

  saveKey(key: KeyObject): void {
    writeFileAtomic(join(this.path, KEY), key.export({ type: 'pkcs8', format: 'pem' }));
  }

  /** DER. */
  get certificate(): Buffer | undefined {
    const pem = this.#read(CERTIFICATE);
    if (pem === undefined) return undefined;
    // Memory of its own: a view would keep a whole block of Node's buffer pool alive for every device.
    return Buffer.from(new Uint8Array(decodePem(pem.toString('utf8'), 'CERTIFICATE')[0].der).buffer);
  }

  saveCertificate(der: Uint8Array): void {
    writeFileAtomic(join(this.path, CERTIFICATE), encodePem('CERTIFICATE', der));
  }

  get enrollmentProfile(): Buffer | undefined {
    return this.#read(ENROLLMENT);
  }

  saveEnrollmentProfile(bytes: Uint8Array): void {
    writeFileAtomic(join(this.path, ENROLLMENT), bytes);
  }

  /** Stores a profile's bytes; the name of the file, to be put into the state. */
  saveProfile(bytes: Uint8Array): string {
    const file = `${createHash('sha256').update(bytes).digest('hex')}.mobileconfig`;
    writeFileAtomic(join(this.path, PROFILES, file), bytes);
    return file;
  }

  readProfile(file: string): Buffer {
    return readFileSync(join(this.path, PROFILES, file));
  }

  /** Removes the files of profiles that the state does not name (any more). */
  pruneProfiles(): void {
    const named = new Set(this.#state.profiles.map(({ file }) => file));
    for (const file of readdirSync(join(this.path, PROFILES)))
      if (!named.has(file)) rmSync(join(this.path, PROFILES, file), { force: true });
  }

  /** The text of `declarations.json`. */
  readDeclarations(): string | undefined {
    return this.#read(DECLARATIONS)?.toString('utf8');
  }

  saveDeclarations(text: string): void {
    writeFileAtomic(join(this.path, DECLARATIONS), text);
  }

  /** Adds a line to `declarations.ndjson`, which outlives the enrolment. */
  noteDeclarations(line: string): void {
    appendFileSync(join(this.path, DECLARATIONS_JOURNAL), `${line}\n`, { mode: 0o600 });
  }

  /** The lines of `declarations.ndjson`; a last line without its end (a kill cut it) is left out. */
  declarationNotes(): string[] {
    return (this.#read(DECLARATIONS_JOURNAL)?.toString('utf8') ?? '').split('\n').slice(0, -1);
  }

  /** Takes everything away that the enrolment brought; the device itself and its journal stay. */
  forgetEnrollment(phase: 'new' | 'removed', because?: string): void {
    this.update({
      phase,
      removedBecause: because,
      pushToken: undefined,
      pushMagic: undefined,
      unlockToken: undefined,
      pending: undefined,
      declarative: undefined,
      profiles: [],
      locked: false,
    });
    rmSync(join(this.path, USERS), { recursive: true, force: true });
    for (const file of [KEY, CERTIFICATE, ENROLLMENT, DECLARATIONS])
      rmSync(join(this.path, file), { force: true });
    this.pruneProfiles();
  }

  /** The state on disk, for a look from another process. @throws EspalierError ESP_SIM_STATE_INVALID */
  static peek(path: string): DeviceState {
    try {
      return deviceState.parse(JSON.parse(readFileSync(join(path, STATE), 'utf8')));
    } catch (cause) {
      throw simErrors.ESP_SIM_STATE_INVALID({ detail: path, cause });
    }
  }

  #read(name: string): Buffer | undefined {
    const path = join(this.path, name);
    return existsSync(path) ? readFileSync(path) : undefined;
  }

  #readJournal(): void {
    const path = join(this.path, JOURNAL);
    const entries = this.journal();
    for (const { commandUuid, status } of entries)
      if (status !== 'NotNow') this.#ended.set(commandUuid, status);
    if (existsSync(path)) {
      const text = readFileSync(path);
      // A kill in the middle of an append: the state has that line's facts, see below.
      truncateSync(path, text.lastIndexOf(0x0a) + 1);
    }
    const { pending } = this.#state;
    if (pending !== undefined && pending.execution > (entries.at(-1)?.execution ?? 0))
      this.#append(pending, new Date());
  }

  #append({ execution, commandUuid, requestType, status }: PendingResult, at: Date): void {
    const entry: JournalEntry = { execution, commandUuid, requestType, status, at: at.toISOString() };
    appendFileSync(join(this.path, JOURNAL), `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    if (status !== 'NotNow') this.#ended.set(commandUuid, status);
  }
}
