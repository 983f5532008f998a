import { createSecureContext, type SecureContext } from 'node:tls';

/** The identity that a device shows in TLS. */
export interface TlsIdentity {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * Which servers devices trust: the roots of the enrolment profile and those given by the user; the public ones where
 * there are no others. Contexts without an identity are shared by all devices with the same roots.
 */
export class Trust {
  readonly #shared = new Map<string, SecureContext>();

  /** @param ca PEM certificates trusted beside those of a profile */
  constructor(private readonly ca: string | undefined) {}

  context(profileRoots: readonly string[], identity?: TlsIdentity): SecureContext {
    const roots = [...profileRoots, ...(this.ca === undefined ? [] : [this.ca])];
    const trust = roots.length === 0 ? {} : { ca: roots };
    if (identity !== undefined)
      return createSecureContext({
        ...trust,
        cert: identity.certificate,
        key: identity.key,
        minVersion: 'TLSv1.2',
      });
    const id = roots.join('');
    const context = this.#shared.get(id) ?? createSecureContext({ ...trust, minVersion: 'TLSv1.2' });
    this.#shared.set(id, context);
    return context;
  }
}
