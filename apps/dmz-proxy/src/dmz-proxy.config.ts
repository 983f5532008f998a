import { defineConfig, fields, setting, type ConfigOf } from '@espalier/service-kit';
import { z } from 'zod';

/** Zero switches a limit off. */
const limit = (fallback: number) => z.coerce.number('must be a whole number').int().min(0).default(fallback);

export const dmzProxyConfig = defineConfig({
  service: 'dmz-proxy',
  settings: {
    deviceHost: setting('ESPALIER_DMZ_DEVICE_HOST', fields.host('0.0.0.0'), {
      description: 'Address that devices reach.',
    }),
    devicePort: setting('ESPALIER_DMZ_DEVICE_PORT', fields.port(8443), {
      description: 'Port that devices reach, HTTPS (HTTP/1.1). Published as 443.',
    }),
    deviceCertificateFile: setting('ESPALIER_DMZ_DEVICE_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM file of the certificate chain that devices see. Read again on SIGHUP.',
    }),
    deviceKeyFile: setting('ESPALIER_DMZ_DEVICE_KEY_FILE', fields.path(), {
      description: 'PEM file of its key. P-256 keys make handshakes three times cheaper than RSA.',
    }),
    deviceCaFile: setting('ESPALIER_DMZ_DEVICE_CA_FILE', z.string().optional(), {
      description:
        'PEM file of the authorities of device identities. Their names are sent to devices, and the result of the check is forwarded. Without it certificates are forwarded unchecked; the services behind check them.',
    }),
    ticketKeysFile: setting('ESPALIER_DMZ_TICKET_KEYS_FILE', z.string().optional(), {
      description:
        'File of 48 random bytes that all replicas share, so that devices resume TLS sessions at any of them.',
    }),
    linkHost: setting('ESPALIER_DMZ_LINK_HOST', fields.host('0.0.0.0'), {
      description: 'Address that the inside services dial.',
    }),
    linkPort: setting('ESPALIER_DMZ_LINK_PORT', fields.port(8762), {
      description: 'Port that the inside services dial.',
    }),
    linkCertificateFile: setting('ESPALIER_DMZ_LINK_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM file of the self-signed certificate that the inside services have pinned.',
    }),
    linkKeyFile: setting('ESPALIER_DMZ_LINK_KEY_FILE', fields.path(), {
      description: 'PEM file of its key.',
    }),
    peersFile: setting('ESPALIER_DMZ_LINK_PEERS_FILE', fields.path(), {
      description:
        'JSON file of the inside services that may dial: [{service, site, pins: [{certificateFile | certificate, spki?, status}], prefixes}]. Read again on SIGHUP; links whose pin is gone are closed.',
    }),
    linkAllowFrom: setting('ESPALIER_DMZ_LINK_ALLOW_FROM', fields.list(), {
      description: 'Networks (CIDR) that may connect to the link port at all. Empty: any.',
    }),
    requiredPrefixes: setting('ESPALIER_DMZ_REQUIRED_PREFIXES', fields.list(), {
      description: 'Path prefixes without a link for which this replica is not ready.',
    }),
    drainDelaySeconds: setting('ESPALIER_DMZ_DRAIN_DELAY_SECONDS', z.coerce.number().min(0).default(0), {
      description:
        'How long after SIGTERM new connections are still taken, until every load balancer has seen that this replica is not ready.',
    }),
    maxConnections: setting('ESPALIER_DMZ_MAX_CONNECTIONS', fields.count(12_000), {
      description: 'Most device connections at a time. An idle one takes about 70 KB.',
    }),
    maxConnectionsPerAddress: setting('ESPALIER_DMZ_MAX_CONNECTIONS_PER_ADDRESS', limit(256), {
      description:
        'Most device connections per address (IPv6: per /64). Many Macs may share one behind NAT. 0: no limit, for a load balancer that hides addresses.',
    }),
    handshakesPerSecondPerAddress: setting('ESPALIER_DMZ_HANDSHAKES_PER_SECOND_PER_ADDRESS', limit(100), {
      description: 'Most new device connections per second and address. 0: no limit.',
    }),
    keepAliveSeconds: setting('ESPALIER_DMZ_KEEP_ALIVE_SECONDS', fields.seconds(30), {
      description: 'How long an idle device connection is kept. A handshake costs as much as 15 requests.',
    }),
    stallSeconds: setting('ESPALIER_DMZ_STALL_SECONDS', fields.seconds(30), {
      description: 'How long a device may take to accept more of an answer before it is cut.',
    }),
    queueLength: setting('ESPALIER_DMZ_QUEUE_LENGTH', fields.count(100), {
      description: 'Most requests that wait for a link at a time.',
    }),
    queueSeconds: setting('ESPALIER_DMZ_QUEUE_SECONDS', fields.seconds(2), {
      description: 'How long a request waits for a link before it gets 503.',
    }),
    maxStreamsPerLink: setting('ESPALIER_DMZ_MAX_STREAMS_PER_LINK', fields.count(512), {
      description: 'Most requests in flight per link.',
    }),
  },
});

export type DmzProxyConfig = ConfigOf<(typeof dmzProxyConfig)['settings']>;
