import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  LINK_SERVICES,
  parsePrefix,
  PinSet,
  type LinkService,
  type PinnedPeer,
  type PinRefusal,
} from '@espalier/link';
import { z } from 'zod';

/** An inside service that may dial, and what it may serve. */
export interface AllowedPeer {
  readonly service: LinkService;
  readonly site: string;
  readonly pins: PinSet;
  /** Prefixes within which its routes must lie. */
  readonly prefixes: readonly string[];
}

export type PeerVerdict =
  { readonly ok: true; readonly peer: AllowedPeer } | { readonly ok: false; readonly reason: PinRefusal };

const pinSchema = z
  .strictObject({
    certificate: z.string().optional(),
    certificateFile: z.string().optional(),
    spki: z.string().optional(),
    status: z.enum(['active', 'next', 'revoked']).default('active'),
  })
  .refine(
    (pin) => (pin.certificate === undefined) !== (pin.certificateFile === undefined),
    'a pin has either certificate or certificateFile',
  );

const fileSchema = z
  .array(
    z.strictObject({
      service: z.enum(LINK_SERVICES),
      site: z.string().min(1),
      pins: z.array(pinSchema).min(1).max(20),
      prefixes: z.array(z.string().startsWith('/')).min(1),
    }),
  )
  .min(1)
  .max(100);

/** The inside services that may dial this DMZ. A key is bound to one service and site. */
export class AllowedPeers {
  /** @throws Error where two peers share a key: a pin must say which service it is */
  constructor(readonly peers: readonly AllowedPeer[]) {
    const owners = new Set<string>();
    for (const { pins, service } of peers)
      for (const spki of new Set(pins.accepted.map((pin) => pin.spki))) {
        if (owners.has(spki))
          throw new Error(`the key ${spki} of ${service} is pinned for another peer, too`);
        owners.add(spki);
      }
  }

  /**
   * Reads the peers' file; paths of certificates are relative to it.
   * @throws Error saying what is wrong with the file
   */
  static async read(file: string): Promise<AllowedPeers> {
    try {
      const entries = fileSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      const folder = dirname(file);
      return new AllowedPeers(
        await Promise.all(
          entries.map(async ({ service, site, pins, prefixes }) => ({
            service,
            site,
            pins: new PinSet(await Promise.all(pins.map((pin) => readPin(pin, folder)))),
            prefixes: prefixes.map((prefix) => parsePrefix(prefix, 'prefix')),
          })),
        ),
      );
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
      throw new Error(`${file} is not usable: ${reason}`, { cause });
    }
  }

  /** PEM certificates that TLS on the link port trusts. */
  get trusted(): string[] {
    return this.peers.flatMap((peer) => peer.pins.trusted);
  }

  /** Finds whose pin a certificate is. */
  find(certificate: X509Certificate | undefined, now: Date): PeerVerdict {
    let reason: PinRefusal = certificate === undefined ? 'no_certificate' : 'wrong_certificate';
    for (const peer of this.peers) {
      const verdict = peer.pins.check(certificate, now);
      if (verdict.ok) return { ok: true, peer };
      if (verdict.reason !== 'wrong_certificate') ({ reason } = verdict);
    }
    return { ok: false, reason };
  }
}

async function readPin(pin: z.output<typeof pinSchema>, folder: string): Promise<PinnedPeer> {
  const { certificate, certificateFile, spki, status } = pin;
  return {
    certificate: certificate ?? (await readFile(resolve(folder, certificateFile ?? ''), 'utf8')),
    status,
    ...(spki !== undefined && { spki }),
  };
}
