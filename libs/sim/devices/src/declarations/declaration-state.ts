import { declarationKinds } from '@espalier/mdm-protocol';
import { z } from 'zod';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';

const heldDeclaration = z.object({
  kind: z.enum(declarationKinds),
  identifier: z.string(),
  /** As advertised. */
  serverToken: z.string(),
  type: z.string(),
  payload: z.record(z.string(), z.unknown()),
  /** Why the document could not be taken; type and payload are empty then. */
  problem: z.string().exactOptional(),
});

/** A declaration as the device has it. */
export type HeldDeclaration = z.output<typeof heldDeclaration>;

const declarationsState = z.object({
  version: z.literal(1),
  /** DeclarationsToken of the manifest that was taken last. */
  token: z.string().exactOptional(),
  declarations: z.array(heldDeclaration),
  /** Fetched in a synchronisation that did not come to its end: not fetched again. */
  staged: z.array(heldDeclaration),
  /** Keys of those that were switched off behind the server's back, until a manifest is taken. */
  deactivated: z.array(z.string()).default([]),
  /** What the server was told last: the status of each declaration by its key, and of each status item, as JSON. */
  told: z.object({ declarations: z.record(z.string(), z.string()), items: z.record(z.string(), z.string()) }),
  /** Something went away since the last report. */
  removed: z.boolean(),
});

/** `declarations.json` of a device or user channel. */
export type DeclarationsState = z.output<typeof declarationsState>;

const empty: DeclarationsState = {
  version: 1,
  declarations: [],
  staged: [],
  deactivated: [],
  told: { declarations: {}, items: {} },
  removed: false,
};

/** @throws EspalierError ESP_SIM_STATE_INVALID */
export function loadDeclarations(folder: DeviceFolder): DeclarationsState {
  const text = folder.readDeclarations();
  if (text === undefined) return empty;
  try {
    return declarationsState.parse(JSON.parse(text));
  } catch (cause) {
    throw simErrors.ESP_SIM_STATE_INVALID({ detail: `${folder.path}/declarations.json`, cause });
  }
}

export function saveDeclarations(folder: DeviceFolder, state: DeclarationsState): void {
  folder.saveDeclarations(`${JSON.stringify(state)}\n`);
}
