import { MdmProtocolError } from '../mdm-protocol.error.js';

/** A JSON object as parsed; its keys are a device's or a server's, so read them with {@link keyOf}. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws MdmProtocolError for what is too long, no JSON, or no object */
export function readJsonObject(data: Uint8Array, what: string, mostBytes: number): JsonObject {
  if (data.byteLength > mostBytes) throw new MdmProtocolError(`has more than ${mostBytes} bytes`, what);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw new MdmProtocolError('is not JSON in UTF-8', what, { cause });
  }
  if (!isJsonObject(value)) throw new MdmProtocolError('is not a JSON object', what);
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own key's value: what `__proto__` and its like would give is not data. */
export function keyOf(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** @throws MdmProtocolError if it is missing or no string */
export function textOf(object: JsonObject, key: string, path: string): string {
  const value = keyOf(object, key);
  if (typeof value !== 'string') throw new MdmProtocolError('is not a string', `${path}.${key}`);
  return value;
}
