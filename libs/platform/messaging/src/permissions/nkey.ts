import { createUser } from '@nats-io/nkeys';

export interface Nkey {
  /** Secret: what the service logs in with. */
  readonly seed: string;
  /** What the server's configuration names. */
  readonly publicKey: string;
}

/** A new key pair for a service's NATS user. */
export function generateNkey(): Nkey {
  const pair = createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}
