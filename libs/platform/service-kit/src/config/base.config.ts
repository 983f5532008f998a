import { hostname } from 'node:os';
import { z } from 'zod';
import { setting } from './config.js';
import { fields } from './fields.js';

/** Settings that every service has. */
export const baseSettings = {
  replica: setting('ESPALIER_REPLICA', z.string().min(1).max(64).default(hostname()), {
    description: 'Name of this replica in logs, links and messages. In Kubernetes: the name of the pod.',
  }),
  logLevel: setting(
    'ESPALIER_LOG_LEVEL',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    { description: 'The quietest level that is still logged.' },
  ),
  managementHost: setting('ESPALIER_MANAGEMENT_HOST', fields.host('127.0.0.1'), {
    description: 'Address of the plain HTTP port for /livez, /readyz and /metrics.',
  }),
  managementPort: setting('ESPALIER_MANAGEMENT_PORT', fields.port(9090), {
    description: 'Port for /livez, /readyz and /metrics. Not for devices or consoles.',
  }),
  shutdownGraceSeconds: setting('ESPALIER_SHUTDOWN_GRACE_SECONDS', fields.seconds(25), {
    description: 'How long requests, messages and database work in flight may take to finish after SIGTERM.',
  }),
} as const;
