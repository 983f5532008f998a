import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { readClientIdentity, type ClientIdentity } from './client-identity.js';

/** What is known of one connection of a device. */
export class DeviceConnection {
  /** Answers that are not finished: more than one where the device pipelines. */
  readonly open = new Set<ServerResponse>();
  /** Address of the device, IPv4 in its plain form. */
  readonly address: string;
  #identity: ClientIdentity | undefined;

  constructor(private readonly socket: TLSSocket) {
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=[0-9.]+$)/, '');
  }

  /** @throws LinkError CLIENT_CERT where the certificate is too large to be forwarded */
  get identity(): ClientIdentity {
    return (this.#identity ??= readClientIdentity(this.socket));
  }
}
