import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProcessSpec } from '../processes/managed-process.js';
import { untilListening, untilReady } from '../processes/probes.js';
import type { NatsFiles } from '../state/nats-users.js';
import type { StateFolder } from '../state/state-folder.js';
import { SuiteError } from '../state/state.errors.js';
import type { SuitePki } from '../state/suite-pki.js';
import type { SuiteOptions, SuiteServiceName } from './suite.options.js';

/** What the services' settings are made of. */
export interface SuiteParts {
  readonly options: SuiteOptions;
  readonly state: StateFolder;
  readonly pki: SuitePki;
  readonly nats: NatsFiles;
  /** Path of nats-server. */
  readonly natsServer: string;
}

const SITE = 'DEV';

/** Root of the checkout: the folder that holds nx.json. */
export function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'nx.json'))) {
    if (dirname(folder) === folder)
      throw new SuiteError('The suite runs only inside a checkout of Espalier.');
    folder = dirname(folder);
  }
  return folder;
}

/** Runs a program so that it ends with us (see guard.ts). */
export const guardScript = (): string => join(import.meta.dirname, '..', 'processes', 'guard.js');

const mainOf = (app: string): string => join(repositoryRoot(), 'apps', app, 'dist', 'main.js');

/** Every process of the suite, in the order in which they start. */
export function suiteServices(parts: SuiteParts): ProcessSpec[] {
  return [
    natsServer(parts),
    appleSim(parts),
    dmzProxy(parts),
    mdm(parts),
    mdmPolicy(parts),
    configProxy(parts),
  ];
}

function service(
  parts: SuiteParts,
  name: SuiteServiceName,
  managementPort: number,
  settings: Readonly<Record<string, string>>,
): ProcessSpec {
  const { options, state } = parts;
  return {
    name,
    args: [mainOf(name)],
    env: {
      NODE_ENV: 'production',
      // As in docs/operations.md: V8 and glibc keep far more than is needed where nobody tells them.
      NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=16',
      MALLOC_ARENA_MAX: '2',
      ESPALIER_LOG_LEVEL: options.logLevel,
      ESPALIER_REPLICA: `${name}-1`,
      ESPALIER_MANAGEMENT_HOST: '127.0.0.1',
      ESPALIER_MANAGEMENT_PORT: String(managementPort),
      ...settings,
      ...options.overrides?.[name],
    },
    logFile: state.file('logs', `${name}.log`),
    ready: (signal) => untilReady(`http://127.0.0.1:${managementPort}/readyz`, signal),
  };
}

function natsServer({ options, state, nats, natsServer: program }: SuiteParts): ProcessSpec {
  return {
    name: 'nats-server',
    args: [guardScript(), program, '--config', nats.config],
    env: {},
    logFile: state.file('logs', 'nats-server.log'),
    ready: (signal) => untilListening(options.host, options.ports.nats, signal),
  };
}

function appleSim(parts: SuiteParts): ProcessSpec {
  const { options, pki, state } = parts;
  return service(parts, 'apple-sim', options.ports.appleManagement, {
    ESPALIER_APPLE_SIM_HOST: options.host,
    ESPALIER_APPLE_SIM_APNS_PORT: String(options.ports.apns),
    ESPALIER_APPLE_SIM_DEVICE_PORT: String(options.ports.appleDevices),
    ESPALIER_APPLE_SIM_ADMIN_PORT: String(options.ports.appleAdmin),
    ESPALIER_APPLE_SIM_CA_CERTIFICATE_FILE: pki.appleCa.certificate,
    ESPALIER_APPLE_SIM_CA_KEY_FILE: pki.appleCa.key,
    ESPALIER_APPLE_SIM_STATE_FILE: state.file('data', 'apple-sim.json'),
  });
}

function dmzProxy(parts: SuiteParts): ProcessSpec {
  const { options, pki, state } = parts;
  const peers = [
    {
      service: 'mdm',
      site: SITE,
      pins: [{ certificateFile: pki.mdmLink.certificate, status: 'active' }],
      prefixes: ['/mdm/'],
    },
  ];
  return service(parts, 'dmz-proxy', options.ports.dmzManagement, {
    ESPALIER_DMZ_DEVICE_HOST: options.host,
    ESPALIER_DMZ_DEVICE_PORT: String(options.ports.device),
    ESPALIER_DMZ_DEVICE_CERTIFICATE_FILE: pki.device.certificate,
    ESPALIER_DMZ_DEVICE_KEY_FILE: pki.device.key,
    ESPALIER_DMZ_DEVICE_CA_FILE: pki.scepCa.certificate,
    ESPALIER_DMZ_LINK_HOST: options.host,
    ESPALIER_DMZ_LINK_PORT: String(options.ports.link),
    ESPALIER_DMZ_LINK_CERTIFICATE_FILE: pki.dmzLink.certificate,
    ESPALIER_DMZ_LINK_KEY_FILE: pki.dmzLink.key,
    ESPALIER_DMZ_LINK_PEERS_FILE: state.write('pki/link-peers.json', `${JSON.stringify(peers, null, 2)}\n`),
  });
}

function databaseUrl({ options, state }: SuiteParts, name: string): string {
  if (options.databaseUrl === undefined) return `sqlite:${state.file('data', `${name}.sqlite`)}`;
  return options.databaseUrl.replaceAll('{service}', name);
}

function bus(
  { options, nats }: SuiteParts,
  name: 'mdm' | 'mdm-policy' | 'config-proxy',
): Record<string, string> {
  return {
    ESPALIER_NATS_SERVERS: `nats://${options.host}:${options.ports.nats}`,
    ESPALIER_NATS_SEED_FILE: nats.seedOf(name),
  };
}

function mdm(parts: SuiteParts): ProcessSpec {
  const { options, pki, state } = parts;
  return service(parts, 'mdm', options.ports.mdmManagement, {
    ...bus(parts, 'mdm'),
    ESPALIER_DATABASE_URL: databaseUrl(parts, 'mdm'),
    ESPALIER_KEYRING_FILE: state.file('pki', 'keyring.json'),
    ESPALIER_SITE: SITE,
    ESPALIER_ORGANIZATION: 'Espalier development',
    ESPALIER_DEVICE_URL: `https://${options.deviceHost}:${options.ports.device}`,
    ESPALIER_DEVICE_TRUST_FILE: pki.ca.certificate,
    ESPALIER_SCEP_CA_CERTIFICATE_FILE: pki.scepCa.certificate,
    ESPALIER_SCEP_CA_KEY_FILE: pki.scepCa.key,
    ESPALIER_PROFILE_SIGNING_CERTIFICATE_FILE: pki.profileSigner.certificate,
    ESPALIER_PROFILE_SIGNING_KEY_FILE: pki.profileSigner.key,
    ESPALIER_APNS_ENDPOINT: `https://localhost:${options.ports.apns}`,
    ESPALIER_APNS_CERTIFICATE_FILE: pki.push.certificate,
    ESPALIER_APNS_KEY_FILE: pki.push.key,
    ESPALIER_APNS_CA_FILE: pki.appleCa.certificate,
    ESPALIER_LINK_TARGETS: `${options.host}:${options.ports.link}`,
    ESPALIER_LINK_CERTIFICATE_FILE: pki.mdmLink.certificate,
    ESPALIER_LINK_KEY_FILE: pki.mdmLink.key,
    ESPALIER_LINK_PEERS_FILE: pki.dmzLink.certificate,
  });
}

function mdmPolicy(parts: SuiteParts): ProcessSpec {
  const { options } = parts;
  return service(parts, 'mdm-policy', options.ports.mdmPolicyManagement, {
    ...bus(parts, 'mdm-policy'),
    ESPALIER_DATABASE_URL: databaseUrl(parts, 'mdm-policy'),
  });
}

function configProxy(parts: SuiteParts): ProcessSpec {
  const { options, pki, state } = parts;
  return service(parts, 'config-proxy', options.ports.configProxyManagement, {
    ...bus(parts, 'config-proxy'),
    ESPALIER_DATABASE_URL: databaseUrl(parts, 'config-proxy'),
    ESPALIER_KEYRING_FILE: state.file('pki', 'keyring.json'),
    ESPALIER_SITE: SITE,
    // There is a single administrator.
    ESPALIER_APPROVALS: 'off',
    ESPALIER_CONSOLE_HOST: options.host,
    ESPALIER_CONSOLE_PORT: String(options.ports.console),
    ESPALIER_CONSOLE_CERTIFICATE_FILE: pki.console.certificate,
    ESPALIER_CONSOLE_KEY_FILE: pki.console.key,
    ESPALIER_CONTENT_HOST: options.host,
    ESPALIER_CONTENT_PORT: String(options.ports.content),
    ESPALIER_CONTENT_FOLDER: state.file('content'),
    ESPALIER_CONTENT_STORE_FOLDER: state.file('content-store'),
    ESPALIER_BOOTSTRAP_ADMIN_TOKEN_FILE: state.file('admin-token'),
  });
}
