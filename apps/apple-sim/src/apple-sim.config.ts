import { defineConfig, fields, setting, type ConfigOf } from '@espalier/service-kit';
import { z } from 'zod';

export const appleSimConfig = defineConfig({
  service: 'apple-sim',
  settings: {
    host: setting('ESPALIER_APPLE_SIM_HOST', fields.host('127.0.0.1'), {
      description: 'Address of every port here. Devices and admins need no credentials: keep it on loopback.',
    }),
    apnsPort: setting('ESPALIER_APPLE_SIM_APNS_PORT', fields.port(2197), {
      description: 'Port of the APNs stand-in (HTTP/2, TLS, client certificate).',
    }),
    devicePort: setting('ESPALIER_APPLE_SIM_DEVICE_PORT', fields.port(2198), {
      description: 'Port on which simulated devices get tokens and wait for pushes.',
    }),
    adminPort: setting('ESPALIER_APPLE_SIM_ADMIN_PORT', fields.port(2199), {
      description: 'Port for faults, status and push certificates.',
    }),
    tls: setting('ESPALIER_APPLE_SIM_TLS', fields.flag(false), {
      description: 'HTTPS for devices and admins, too.',
    }),
    names: setting('ESPALIER_APPLE_SIM_NAMES', fields.list(), {
      description: 'DNS names and addresses in the generated server certificate, beside localhost.',
    }),
    caCertificateFile: setting('ESPALIER_APPLE_SIM_CA_CERTIFICATE_FILE', fields.path().optional(), {
      description:
        'PEM file of the CA that issues what is missing. Without it: that of the state file, or a new one.',
    }),
    caKeyFile: setting('ESPALIER_APPLE_SIM_CA_KEY_FILE', fields.path().optional(), {
      description: 'PEM file of its key.',
    }),
    serverCertificateFile: setting('ESPALIER_APPLE_SIM_SERVER_CERTIFICATE_FILE', fields.path().optional(), {
      description: 'PEM file of the server certificate. Without it the CA issues one.',
    }),
    serverKeyFile: setting('ESPALIER_APPLE_SIM_SERVER_KEY_FILE', fields.path().optional(), {
      description: 'PEM file of its key.',
    }),
    clientCaFile: setting('ESPALIER_APPLE_SIM_CLIENT_CA_FILE', fields.path().optional(), {
      description: 'PEM file of the CAs whose push certificates are accepted. Without it: the own CA.',
    }),
    maxConcurrentStreams: setting('ESPALIER_APPLE_SIM_MAX_CONCURRENT_STREAMS', fields.count(1000), {
      description: 'Pushes in flight that an MDM server may have per connection.',
    }),
    stateFile: setting('ESPALIER_APPLE_SIM_STATE_FILE', fields.path().optional(), {
      description:
        'JSON file where tokens, pending pushes and the CA survive a restart. Without it: nowhere.',
    }),
    summarySeconds: setting('ESPALIER_APPLE_SIM_SUMMARY_SECONDS', z.coerce.number().min(0).default(60), {
      description: 'How often the figures are logged where they changed. 0: never.',
    }),
  },
});

export type AppleSimConfig = ConfigOf<(typeof appleSimConfig)['settings']>;
