import {
  databaseSettings,
  defineConfig,
  fields,
  keyringSettings,
  natsSettings,
  setting,
  type ConfigOf,
} from '@espalier/service-kit';
import { z } from 'zod';

const address = z.string().regex(/^[^\s:]+:\d{1,5}$/, 'must be host:port');

/** Every setting of the mdm service. */
export const mdmConfig = defineConfig({
  service: 'mdm',
  settings: {
    ...databaseSettings,
    ...natsSettings,
    ...keyringSettings,
    site: setting(
      'ESPALIER_SITE',
      z
        .string()
        .regex(/^[A-Za-z0-9]{1,32}$/, 'must be letters and digits')
        .default('ESP'),
      {
        description: 'Site code, as dmz-proxy expects it.',
      },
    ),
    organization: setting('ESPALIER_ORGANIZATION', z.string().min(1).max(64).default('Espalier'), {
      description: 'Name that people see in enrolment profiles and identity certificates.',
    }),
    deviceUrl: setting('ESPALIER_DEVICE_URL', z.url({ protocol: /^https$/, error: 'must be an https URL' }), {
      description: 'Base URL under which devices reach dmz-proxy. Enrolled devices keep it for ever.',
    }),
    deviceTrustFile: setting('ESPALIER_DEVICE_TRUST_FILE', fields.path().optional(), {
      description:
        'PEM certificates that enrolment profiles make devices trust; for a private CA on dmz-proxy.',
    }),
    signMessage: setting('ESPALIER_MDM_SIGN_MESSAGE', fields.flag(true), {
      description:
        'True makes devices sign each message (Mdm-Signature), so that even a stolen dmz-proxy cannot make up messages.',
    }),
    scepCaCertificateFile: setting('ESPALIER_SCEP_CA_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM certificate of the CA that issues device identities (RSA).',
    }),
    scepCaKeyFile: setting('ESPALIER_SCEP_CA_KEY_FILE', fields.path(), {
      description: 'PEM private key of that CA.',
    }),
    identityDays: setting('ESPALIER_SCEP_IDENTITY_DAYS', fields.count(365), {
      description: 'Days that a device identity is valid.',
    }),
    challengeSeconds: setting('ESPALIER_SCEP_CHALLENGE_SECONDS', fields.seconds(3_600), {
      description: 'How long the one-time SCEP challenge in an enrolment profile is good.',
    }),
    profileSigningCertificateFile: setting('ESPALIER_PROFILE_SIGNING_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM certificate, followed by its chain, that signs enrolment profiles.',
    }),
    profileSigningKeyFile: setting('ESPALIER_PROFILE_SIGNING_KEY_FILE', fields.path(), {
      description: 'PEM private key for it.',
    }),
    apnsEndpoint: setting('ESPALIER_APNS_ENDPOINT', z.url().default('https://api.push.apple.com:443'), {
      description: 'Apple Push Notification service; port 2197 where 443 is not open.',
    }),
    apnsCertificateFile: setting('ESPALIER_APNS_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM certificate for MDM pushes; its subject UID is the topic. Read again on SIGHUP.',
    }),
    apnsKeyFile: setting('ESPALIER_APNS_KEY_FILE', fields.path(), {
      description: 'PEM private key for it.',
    }),
    apnsCaFile: setting('ESPALIER_APNS_CA_FILE', fields.path().optional(), {
      description: "PEM certificates to trust instead of the system's, for a stand-in of APNs.",
    }),
    pushRetrySeconds: setting(
      'ESPALIER_MDM_PUSH_RETRY_SECONDS',
      z
        .string()
        .regex(/^[1-9]\d*(,[1-9]\d*)*$/, 'must be whole numbers above 0 separated by commas')
        .default('60,300,1800,7200,86400')
        .transform((text) => text.split(',').map(Number)),
      {
        description:
          'Waiting times before a device whose commands still wait is pushed again; the last one repeats.',
      },
    ),
    linkTargets: setting(
      'ESPALIER_LINK_TARGETS',
      fields.list().pipe(z.array(address).min(1, 'must name at least one dmz-proxy')),
      { description: 'Every dmz-proxy replica to dial, separated by commas: host:8762.' },
    ),
    linkCertificateFile: setting('ESPALIER_LINK_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM certificate of this service on the link.',
    }),
    linkKeyFile: setting('ESPALIER_LINK_KEY_FILE', fields.path(), { description: 'PEM private key for it.' }),
    linkPeersFile: setting('ESPALIER_LINK_PEERS_FILE', fields.path(), {
      description: 'PEM certificates that dmz-proxy replicas may show: these and no others.',
    }),
    linkSlots: setting('ESPALIER_LINK_SLOTS', fields.count(2), {
      description: 'Links per dmz-proxy replica.',
    }),
    retentionDays: setting('ESPALIER_MDM_RETENTION_DAYS', fields.count(90), {
      description: 'Days that finished commands, their results, and declarations out of use are kept.',
    }),
    inventoryHours: setting(
      'ESPALIER_INVENTORY_HOURS',
      z.coerce.number({ error: 'must be a number of hours' }).int().min(0).max(720).default(24),
      {
        description:
          'Hours after which devices are asked for their inventory again, spread over that time (applications: every seventh time). 0 asks nothing by itself, not at enrolment either.',
      },
    ),
  },
});

export type MdmConfig = ConfigOf<typeof mdmConfig.settings>;
