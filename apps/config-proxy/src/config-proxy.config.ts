import {
  databaseSettings,
  defineConfig,
  fields,
  keyringSettings,
  natsSettings,
  setting,
  type ConfigOf,
} from '@espalier/service-kit';
import { approvalModeSchema } from '@espalier/contracts';
import { z } from 'zod';
import { signInSettings } from './sign-in/sign-in.settings.js';

/** Every setting of the config-proxy service. */
export const configProxyConfig = defineConfig({
  service: 'config-proxy',
  settings: {
    ...databaseSettings,
    ...natsSettings,
    ...keyringSettings,
    siteCode: setting(
      'ESPALIER_SITE',
      z
        .string()
        .regex(/^[A-Z0-9]{3}$/, 'must be three capital letters or digits')
        .default('ESP'),
      { description: 'Site code: the first three characters of the ids of collections. Never change it.' },
    ),
    consoleHost: setting('ESPALIER_CONSOLE_HOST', fields.host('0.0.0.0'), {
      description: 'Address of the HTTPS port for consoles.',
    }),
    consolePort: setting('ESPALIER_CONSOLE_PORT', fields.port(8760), {
      description: 'HTTPS port for consoles and scripts.',
    }),
    consoleCertificateFile: setting('ESPALIER_CONSOLE_CERTIFICATE_FILE', fields.path(), {
      description: 'PEM certificate, followed by its chain, of the HTTPS port. Read again on SIGHUP.',
    }),
    consoleKeyFile: setting('ESPALIER_CONSOLE_KEY_FILE', fields.path(), {
      description: 'PEM private key for it.',
    }),
    consoleTrustedProxies: setting('ESPALIER_CONSOLE_TRUSTED_PROXIES', fields.list(), {
      description:
        'Addresses or networks of reverse proxies, separated by commas, whose X-Forwarded-For is believed.',
    }),
    consoleEventListeners: setting('ESPALIER_CONSOLE_EVENT_LISTENERS', fields.count(200), {
      description:
        'Listeners that may follow live events on this replica at once; nobody has more than half of them.',
    }),
    consoleEventStallSeconds: setting('ESPALIER_CONSOLE_EVENT_STALL_SECONDS', fields.seconds(10), {
      description: 'How long a listener may read nothing, while events wait for it, before it is dropped.',
    }),
    bootstrapAdminTokenFile: setting('ESPALIER_BOOTSTRAP_ADMIN_TOKEN_FILE', fields.path().optional(), {
      description:
        'File with a first API token (esp_ and 43 characters) with every scope: made known at the start if the file exists. Revoke it once there are others; it stays revoked.',
    }),
    ...signInSettings,
    auditRetentionDays: setting('ESPALIER_AUDIT_RETENTION_DAYS', fields.count(400), {
      description:
        'Days that records of the audit log are kept. What goes, goes up to a signed checkpoint, so that the rest still verifies.',
    }),
    approvals: setting('ESPALIER_APPROVALS', approvalModeSchema.default('required'), {
      description:
        'required: what the approval policies name (erase, bulk lock, retire …) waits for a second person. off: nothing does; for sites with a single administrator. The limits per hour hold either way.',
    }),
    approverRestHours: setting(
      'ESPALIER_APPROVER_REST_HOURS',
      z.coerce.number('must be a number of hours').int().min(0).default(24),
      {
        description:
          'Hours during which an administrator whose account was just made or changed cannot approve: an attacker cannot make a second person of their own at once.',
      },
    ),
    contentHost: setting('ESPALIER_CONTENT_HOST', fields.host('0.0.0.0'), {
      description: 'Address of the HTTP port for client packages.',
    }),
    contentPort: setting('ESPALIER_CONTENT_PORT', fields.port(8761), {
      description: 'HTTP port for client packages.',
    }),
    contentStoreFolder: setting('ESPALIER_CONTENT_STORE_FOLDER', fields.path().optional(), {
      description:
        'Folder that holds uploaded content of applications and packages, shared by all replicas. Without it nothing can be uploaded.',
    }),
    statusRetentionDays: setting('ESPALIER_STATUS_RETENTION_DAYS', fields.count(30), {
      description: 'Days that status messages, finished jobs and tasks of Mac clients are kept.',
    }),
    inventoryHistoryDays: setting('ESPALIER_INVENTORY_HISTORY_DAYS', fields.count(90), {
      description: 'Days that earlier values of inventory are kept.',
    }),
    contentFolder: setting('ESPALIER_CONTENT_FOLDER', fields.path().optional(), {
      description: 'Folder whose files are served as /packages/<name>; only read. Without it there are none.',
    }),
  },
});

export type ConfigProxyConfig = ConfigOf<typeof configProxyConfig.settings>;
