import { MdmProtocolError } from '../mdm-protocol.error.js';
import { isJsonObject, keyOf, readJsonObject, textOf, type JsonObject } from './json.reader.js';

/** The kinds as endpoints and types spell them. */
export const declarationKinds = ['activation', 'asset', 'configuration', 'management'] as const;
export type DeclarationKind = (typeof declarationKinds)[number];

/** A declaration as it is advertised: fetched anew where the token is another than the device has. */
export interface DeclarationReference {
  readonly kind: DeclarationKind;
  readonly identifier: string;
  readonly serverToken: string;
}

/** A declaration as a device gets it. */
export interface DeclarationBody {
  /** As in `com.apple.configuration.passcode.settings`. */
  readonly type: string;
  readonly identifier: string;
  readonly serverToken: string;
  readonly payload: JsonObject;
}

/** What a device compares to see whether anything changed. */
export interface SyncTokens {
  readonly declarationsToken: string;
  /** When the declarations changed last. */
  readonly timestamp: Date;
}

/** Octets of `Identifier` and `ServerToken` at most (Apple, "Declarations"). */
export const longestDeclarationText = 64;

const manifestKeys: Readonly<Record<DeclarationKind, string>> = {
  activation: 'Activations',
  asset: 'Assets',
  configuration: 'Configurations',
  management: 'Management',
};
const manifestBytes = 1024 * 1024;

/** The kind that a type belongs to; undefined where it is none of Apple's. */
export function declarationKindOf(type: string): DeclarationKind | undefined {
  const kind = /^com\.apple\.([a-z]+)\./.exec(type)?.[1];
  return declarationKinds.find((known) => known === kind);
}

/** The `Data` of a DeclarativeManagement command, and the answer to the endpoint `tokens`. */
export function buildSyncTokens({ declarationsToken, timestamp }: SyncTokens): Buffer {
  const Timestamp = timestamp.toISOString().replace(/\.\d+Z$/, 'Z');
  return json({ SyncTokens: { DeclarationsToken: declarationsToken, Timestamp } });
}

/** The inverse of {@link buildSyncTokens}, for simulators. @throws MdmProtocolError */
export function parseSyncTokens(data: Uint8Array): SyncTokens {
  const tokens = keyOf(readJsonObject(data, 'tokens', manifestBytes), 'SyncTokens');
  if (!isJsonObject(tokens)) throw new MdmProtocolError('is not an object', 'SyncTokens');
  const timestamp = new Date(textOf(tokens, 'Timestamp', 'SyncTokens'));
  if (Number.isNaN(timestamp.getTime())) throw new MdmProtocolError('is not a time', 'SyncTokens.Timestamp');
  return { declarationsToken: textOf(tokens, 'DeclarationsToken', 'SyncTokens'), timestamp };
}

/** The answer to `declaration-items`. All four lists are there, also where they are empty. */
export function buildDeclarationItems(manifest: {
  readonly declarationsToken: string;
  readonly declarations: readonly DeclarationReference[];
}): Buffer {
  const lists = declarationKinds.map((kind) => [
    manifestKeys[kind],
    manifest.declarations
      .filter((declaration) => declaration.kind === kind)
      .map(({ identifier, serverToken }) => ({ Identifier: identifier, ServerToken: serverToken })),
  ]);
  return json({
    Declarations: Object.fromEntries(lists) as JsonObject,
    DeclarationsToken: manifest.declarationsToken,
  });
}

/** The inverse of {@link buildDeclarationItems}, for simulators. @throws MdmProtocolError */
export function parseDeclarationItems(data: Uint8Array): {
  readonly declarationsToken: string;
  readonly declarations: readonly DeclarationReference[];
} {
  const manifest = readJsonObject(data, 'declaration-items', manifestBytes);
  const lists = keyOf(manifest, 'Declarations');
  if (!isJsonObject(lists)) throw new MdmProtocolError('is not an object', 'Declarations');
  const declarations = declarationKinds.flatMap((kind) => {
    const path = `Declarations.${manifestKeys[kind]}`;
    const list = keyOf(lists, manifestKeys[kind]);
    if (!Array.isArray(list)) throw new MdmProtocolError('is not an array', path);
    return list.map((item: unknown, index) => {
      const at = `${path}[${index}]`;
      if (!isJsonObject(item)) throw new MdmProtocolError('is not an object', at);
      return {
        kind,
        identifier: textOf(item, 'Identifier', at),
        serverToken: textOf(item, 'ServerToken', at),
      };
    });
  });
  return { declarationsToken: textOf(manifest, 'DeclarationsToken', 'declaration-items'), declarations };
}

/** The answer to `declaration/<kind>/<identifier>`. */
export function buildDeclaration({ type, identifier, serverToken, payload }: DeclarationBody): Buffer {
  return json({ Type: type, Identifier: identifier, ServerToken: serverToken, Payload: payload });
}

/** The inverse of {@link buildDeclaration}, for simulators. @throws MdmProtocolError */
export function parseDeclaration(data: Uint8Array): DeclarationBody {
  const body = readJsonObject(data, 'declaration', manifestBytes);
  const payload = keyOf(body, 'Payload');
  if (!isJsonObject(payload)) throw new MdmProtocolError('is not an object', 'Payload');
  return {
    type: textOf(body, 'Type', 'declaration'),
    identifier: textOf(body, 'Identifier', 'declaration'),
    serverToken: textOf(body, 'ServerToken', 'declaration'),
    payload,
  };
}

function json(value: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}
