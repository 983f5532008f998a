import { formatEndpoint, type DeclarationReference } from '@espalier/mdm-protocol';
import { factsOf } from '../identity/device-facts.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import {
  DeclarationDocumentError,
  keyOf,
  readDeclaration,
  readManifest,
  readTokens,
  type Manifest,
} from './declaration-documents.js';
import {
  loadDeclarations,
  saveDeclarations,
  type DeclarationsState,
  type HeldDeclaration,
} from './declaration-state.js';
import { evaluateDeclarations, hasErrors, type DeclarationStatus } from './declaration-status.js';
import { buildStatusReport } from './status-report.js';

/** A server whose token never settles would otherwise keep its devices busy for ever. */
const MAX_ROUNDS = 5;

/** Sends a check-in message `DeclarativeManagement`; undefined where the server has no such thing (404). */
export type Exchange = (endpoint: string, data?: Buffer) => Promise<Buffer | undefined>;

/** What a synchronisation tells while it runs. */
export interface SyncListener {
  applied(status: DeclarationStatus): void;
  /** The device cannot do what the declaration says. */
  refused(status: DeclarationStatus): void;
  removed(declaration: HeldDeclaration): void;
  reported(full: boolean, declarations: number): void;
  /** The server's answer to an endpoint was of no use; the synchronisation goes on without. */
  rejected(endpoint: string, problem: string): void;
}

/** One synchronisation: tokens, declaration-items, what is new, again until the token settles, then the status. */
export class DeclarationSync {
  #state: DeclarationsState;

  constructor(
    private readonly folder: DeviceFolder,
    /** Of the device: what it is counts on all its channels. */
    private readonly device: DeviceFolder,
    private readonly exchange: Exchange,
    private readonly listener: SyncListener,
  ) {
    this.#state = loadDeclarations(folder);
  }

  /**
   * @param hint the DeclarationsToken that came with the command
   * @returns whether a full report was sent
   * @throws EspalierError ESP_SIM_DECLARATIONS_INVALID, ESP_SIM_DECLARATIONS_UNSETTLED, or of the exchange
   */
  async run(hint: string | undefined, full: boolean): Promise<boolean> {
    let token = hint ?? (await this.#ask('tokens', readTokens));
    let rounds = 0;
    for (; token !== this.#state.token && rounds < MAX_ROUNDS; rounds += 1) {
      await this.#take(await this.#ask('declaration-items', readManifest));
      token = await this.#ask('tokens', readTokens);
    }
    const reported = await this.#report(full);
    if (token !== this.#state.token)
      throw simErrors.ESP_SIM_DECLARATIONS_UNSETTLED({ detail: `It changed in ${rounds} rounds in a row.` });
    return reported;
  }

  async #ask<T>(endpoint: string, read: (body: Buffer) => T): Promise<T> {
    const body = await this.exchange(endpoint);
    try {
      if (body === undefined) throw new DeclarationDocumentError('the server has none (404)');
      return read(body);
    } catch (error) {
      if (!(error instanceof DeclarationDocumentError)) throw error;
      throw simErrors.ESP_SIM_DECLARATIONS_INVALID({
        detail: `${endpoint}: ${error.message}.`,
        cause: error,
      });
    }
  }

  async #take({ token, items }: Manifest): Promise<void> {
    const held = new Map(
      [...this.#state.staged, ...this.#state.declarations].map((one) => [versionOf(one), one]),
    );
    const declarations: HeldDeclaration[] = [];
    for (const item of items) {
      let one = held.get(versionOf(item));
      if (one === undefined) {
        one = await this.#fetch(item);
        // On disk at once: what comes after may fail, and need not be asked for again.
        if (one !== undefined) this.#save({ staged: [...this.#state.staged, one] });
      }
      if (one !== undefined) declarations.push(one);
    }
    const before = this.#statuses();
    this.#save({ token, declarations, staged: [], deactivated: [] });
    this.#tell(before, this.#statuses());
  }

  async #fetch(item: DeclarationReference): Promise<HeldDeclaration | undefined> {
    const { kind, identifier, serverToken } = item;
    const endpoint = formatEndpoint({ name: 'declaration', kind, identifier });
    const body = await this.exchange(endpoint);
    if (body === undefined) {
      this.listener.rejected(endpoint, 'the server has it no more (404)');
      return undefined;
    }
    try {
      return { kind, identifier, serverToken, ...readDeclaration(body, item) };
    } catch (error) {
      if (!(error instanceof DeclarationDocumentError)) throw error;
      this.listener.rejected(endpoint, error.message);
      return { kind, identifier, serverToken, type: '', payload: {}, problem: error.message };
    }
  }

  #tell(before: ReadonlyMap<string, DeclarationStatus>, after: ReadonlyMap<string, DeclarationStatus>): void {
    for (const [key, { declaration }] of before)
      if (!after.has(key)) {
        this.#save({ removed: true });
        this.listener.removed(declaration);
      }
    for (const [key, status] of after) {
      const old = before.get(key);
      const known = old?.declaration.serverToken === status.declaration.serverToken ? old : undefined;
      if (status.active && known?.active !== true) this.listener.applied(status);
      if (hasErrors(status) && !(known !== undefined && hasErrors(known))) this.listener.refused(status);
    }
  }

  async #report(full: boolean): Promise<boolean> {
    const report = buildStatusReport(this.device.state, this.#statuses(), this.#state, full);
    if (report === undefined) return false;
    await this.exchange('status', report.body);
    this.#save({ told: report.told, removed: false });
    this.listener.reported(full, report.declarations);
    return full;
  }

  #statuses(): ReadonlyMap<string, DeclarationStatus> {
    return evaluate(this.#state, this.device);
  }

  #save(changes: Partial<DeclarationsState>): void {
    this.#state = { ...this.#state, ...changes };
    saveDeclarations(this.folder, this.#state);
  }
}

function versionOf(item: DeclarationReference): string {
  return `${keyOf(item)} ${item.serverToken}`;
}

/**
 * A fault: a declaration is lost, or not active any more, behind the server's back. The device does not look for it
 * before it takes a manifest again, which it does where the DeclarationsToken is another one.
 * @returns whether the device has such declarations
 */
export function spoilDeclarations(
  folder: DeviceFolder,
  how: 'drop' | 'deactivate',
  isMeant: (declaration: HeldDeclaration) => boolean,
): boolean {
  const state = loadDeclarations(folder);
  const meant = state.declarations.filter(isMeant);
  const off = new Set([...state.deactivated, ...meant.map(keyOf)]);
  if (how === 'drop' ? meant.length === 0 : off.size === state.deactivated.length) return false;
  saveDeclarations(folder, {
    ...state,
    ...(how === 'drop'
      ? { declarations: state.declarations.filter((one) => !meant.includes(one)), removed: true }
      : { deactivated: [...off] }),
  });
  return true;
}

/** How the declarations of a channel stand on its device. @throws EspalierError ESP_SIM_STATE_INVALID */
export function declarationsOf(folder: DeviceFolder, device: DeviceFolder): DeclarationStatus[] {
  return [...evaluate(loadDeclarations(folder), device).values()];
}

function evaluate(
  { declarations, deactivated }: DeclarationsState,
  { state }: DeviceFolder,
): ReadonlyMap<string, DeclarationStatus> {
  const { platform } = state.identity;
  return evaluateDeclarations(
    declarations,
    { platform, osVersion: factsOf(state).osVersion },
    new Set(deactivated),
  );
}
