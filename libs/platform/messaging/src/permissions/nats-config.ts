import type { NatsPermissions } from './nats-permissions.js';

export interface NatsUser {
  /** For people who read the file. */
  readonly service: string;
  /** Public nkey (`U…`); the service holds the seed. */
  readonly nkeyPublic: string;
  readonly permissions: NatsPermissions;
}

export interface NatsConfigOptions {
  /** `host:port` for clients. */
  readonly listen: string;
  /** Folder of the streams. */
  readonly storeDir: string;
  readonly users: readonly NatsUser[];
  /** PEM files. With `caFile` clients must show a certificate of it. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile?: string };
  /** `host:port` or a port of 127.0.0.1. The page has no log-in: keep others off it. */
  readonly monitor?: string | number;
  /** What all streams may take on disk; the server decides unless told. */
  readonly maxStoreBytes?: number;
  /** Largest message; 1 MiB unless told. */
  readonly maxPayloadBytes?: number;
}

/** JSON strings are strings of NATS's configuration language too, escapes included. */
const text = (value: string): string => JSON.stringify(value);
const list = (values: readonly string[], indent: string): string =>
  values.length === 0
    ? '[]'
    : `[\n${values.map((value) => `${indent}  ${text(value)}`).join('\n')}\n${indent}]`;

/** Time in which an answer is accepted; longer than any request waits. */
const RESPONSE_EXPIRES = '11m';

function renderUser({ service, nkeyPublic, permissions }: NatsUser): string {
  const { publish, subscribe, respond } = permissions;
  const rules = [
    ...(publish.allow.length > 0 ? [`allow: ${list(publish.allow, '          ')}`] : []),
    ...(publish.deny.length > 0 ? [`deny: ${list(publish.deny, '          ')}`] : []),
  ];
  return [
    `    # ${service}`,
    '    {',
    `      nkey: ${nkeyPublic}`,
    '      permissions {',
    '        publish {',
    ...rules.map((rule) => `          ${rule}`),
    '        }',
    `        subscribe { allow: ${list(subscribe.allow, '        ')} }`,
    ...(respond ? [`        allow_responses { max: 1, expires: ${text(RESPONSE_EXPIRES)} }`] : []),
    '      }',
    '    }',
  ].join('\n');
}

/** The configuration of a nats-server on which every service may do exactly what it declares. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { listen, storeDir, users, tls, monitor, maxStoreBytes, maxPayloadBytes } = options;
  const monitorAddress = typeof monitor === 'number' ? `127.0.0.1:${monitor}` : monitor;
  return [
    `listen: ${text(listen)}`,
    ...(monitorAddress === undefined ? [] : [`http: ${text(monitorAddress)}`]),
    ...(maxPayloadBytes === undefined ? [] : [`max_payload: ${maxPayloadBytes}`]),
    'jetstream {',
    `  store_dir: ${text(storeDir)}`,
    ...(maxStoreBytes === undefined ? [] : [`  max_file_store: ${maxStoreBytes}`]),
    '}',
    ...(tls === undefined
      ? []
      : [
          'tls {',
          `  cert_file: ${text(tls.certFile)}`,
          `  key_file: ${text(tls.keyFile)}`,
          ...(tls.caFile === undefined ? [] : [`  ca_file: ${text(tls.caFile)}`, '  verify: true']),
          '}',
        ]),
    'authorization {',
    '  users = [',
    ...users.map(renderUser),
    '  ]',
    '}',
    '',
  ].join('\n');
}
