import { Asn1Error } from './asn1.error.js';
import type { ReadState } from './asn1.header.js';
import { Asn1Node } from './asn1.node.js';

/** How to read, and how much at most. */
export interface ReadOptions {
  /** `der` (default) refuses indefinite and padded lengths; `ber` accepts them, as CMS needs. */
  readonly encoding?: 'der' | 'ber';
  /** Cap on the input, in bytes. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Cap on nesting. Default 64. */
  readonly maxDepth?: number;
  /** Cap on elements visited over the life of the returned tree. Default 65,536. */
  readonly maxNodes?: number;
}

const defaultMaxBytes = 16 * 1024 * 1024;

/**
 * Reads exactly one element. Only its header is decoded now: children are read when asked for, as views
 * on `bytes` (nothing is copied, so `bytes` must not change while the tree is in use).
 * @throws Asn1Error where the bytes are malformed, truncated, followed by others or over a limit.
 */
export function readAsn1(bytes: Uint8Array, options: ReadOptions = {}): Asn1Node {
  const { encoding = 'der', maxBytes = defaultMaxBytes, maxDepth = 64, maxNodes = 65_536 } = options;
  if (bytes.length > maxBytes) {
    throw new Asn1Error('ESP_ASN1_LIMIT', `${bytes.length} bytes are more than the ${maxBytes} allowed`);
  }
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const state: ReadState = { bytes: buffer, ber: encoding === 'ber', maxDepth, nodesLeft: maxNodes };
  const node = Asn1Node.read(state, 0, buffer.length, 0);
  if (node.end !== buffer.length) {
    throw new Asn1Error('ESP_ASN1_MALFORMED', `${buffer.length - node.end} bytes follow the element`);
  }
  return node;
}
