import {
  configProxyInterface,
  mdmInterface,
  mdmPolicyInterface,
  type ServiceInterface,
} from '@espalier/contracts';
import { generateNkey, natsPermissions, renderNatsConfig } from '@espalier/messaging';
import { z } from 'zod';
import { brokenState, type StateFolder } from './state-folder.js';

const INTERFACES: readonly ServiceInterface[] = [mdmInterface, mdmPolicyInterface, configProxyInterface];

/** Reports of devices have up to 8 MB, and consoles read them over NATS. */
const MAX_PAYLOAD = 8 * 1024 * 1024;

/** nats-server's configuration file, and the file that holds each service's seed. */
export interface NatsFiles {
  readonly config: string;
  seedOf(service: ServiceInterface['service']): string;
}

/** Writes nats-server's configuration: one user per service, each allowed exactly what its interface declares. */
export function openNats(state: StateFolder, host: string, port: number): NatsFiles {
  const users = INTERFACES.map((service) => {
    const name = `nats/${service.service}.nkey`;
    const text = state.textOf(name, () => `${JSON.stringify(generateNkey())}\n`);
    const nkey = readNkey(state, name, text);
    state.write(`nats/${service.service}.seed`, nkey.seed);
    return {
      service: service.service,
      nkeyPublic: nkey.publicKey,
      permissions: natsPermissions(service, { others: INTERFACES.filter((other) => other !== service) }),
    };
  });
  const config = renderNatsConfig({
    listen: `${host}:${port}`,
    storeDir: state.file('nats', 'store'),
    users,
    maxPayloadBytes: MAX_PAYLOAD,
  });
  return {
    config: state.write('nats/nats.conf', config),
    seedOf: (service) => state.file('nats', `${service}.seed`),
  };
}

const nkeySchema = z.object({ seed: z.string().startsWith('SU'), publicKey: z.string().startsWith('U') });

function readNkey(state: StateFolder, name: string, text: string): z.output<typeof nkeySchema> {
  try {
    return nkeySchema.parse(JSON.parse(text));
  } catch {
    throw brokenState(state.path, name, 'it is no key of a NATS user');
  }
}
