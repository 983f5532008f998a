import { declarationKinds, type DeclarationKind } from '@espalier/mdm-protocol';
import type { DeviceState } from '../state/device-state.js';
import type { DeclarationsState } from './declaration-state.js';
import type { DeclarationStatus } from './declaration-status.js';
import { CAPABILITIES, statusItems, subscribedItems } from './status-items.js';

/** A report and what the server knows once it has taken it. */
export interface StatusReport {
  /** JSON for the endpoint `status`. */
  readonly body: Buffer;
  readonly full: boolean;
  /** How many declarations it names. */
  readonly declarations: number;
  readonly told: DeclarationsState['told'];
}

const listNames: Readonly<Record<DeclarationKind, string>> = {
  activation: 'activations',
  asset: 'assets',
  configuration: 'configurations',
  management: 'management',
};

/**
 * The status report of a device (statusreport.yaml): everything in a full one, else what the server was not told
 * yet; undefined where that is nothing. A declaration that went away is named in no report: devices leave it out.
 */
export function buildStatusReport(
  device: Pick<DeviceState, 'identity' | 'facts'>,
  statuses: ReadonlyMap<string, DeclarationStatus>,
  { told, removed }: Pick<DeclarationsState, 'told' | 'removed'>,
  full: boolean,
): StatusReport | undefined {
  const entries = [...statuses].map(
    ([key, status]) => [key, status, JSON.stringify(entryOf(status))] as const,
  );
  const changed = entries.filter(([key, , text]) => full || told.declarations[key] !== text);
  const known = statusItems(device);
  const names = [CAPABILITIES, ...subscribedItems(statuses.values())];
  const items = names
    .filter((name) => Object.hasOwn(known, name))
    .map((name) => [name, JSON.stringify(known[name])] as const);
  const changedItems = items.filter(([name, text]) => full || told.items[name] !== text);
  const refused = names.filter((name) => !Object.hasOwn(known, name) && name !== 'management.declarations');
  const news = changed.length > 0 || changedItems.length > 0 || removed;
  if (!full && !news) return undefined;

  const declarations = Object.fromEntries(
    declarationKinds.map((kind) => [
      listNames[kind],
      changed.filter(([, status]) => status.declaration.kind === kind).map(([, status]) => entryOf(status)),
    ]),
  );
  const report = {
    StatusItems: nested([
      ['management.declarations', declarations],
      ...changedItems.map(([name]) => [name, known[name]] as const),
    ]),
    Errors: refused.map((name) => ({
      StatusItem: name,
      Reasons: [{ Code: 'Error.UnsupportedStatusItem', Description: `${name} is not supported.` }],
    })),
    ...(full && { FullReport: true }),
  };
  return {
    body: Buffer.from(JSON.stringify(report)),
    full,
    declarations: changed.length,
    told: {
      declarations: Object.fromEntries(entries.map(([key, , text]) => [key, text])),
      items: Object.fromEntries(items),
    },
  };
}

function entryOf({ declaration, active, valid, reasons }: DeclarationStatus) {
  return {
    active,
    identifier: declaration.identifier,
    valid,
    'server-token': declaration.serverToken,
    ...(reasons.length > 0 && { reasons }),
  };
}

/** `a.b` becomes `{a: {b: …}}`. */
function nested(items: readonly (readonly [name: string, value: unknown])[]): object {
  const root: Record<string, unknown> = {};
  for (const [name, value] of items) {
    const parts = name.split('.');
    const last = parts.pop() as string;
    let at = root;
    for (const part of parts) at = (at[part] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return root;
}
