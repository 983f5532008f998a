import { z } from 'zod';
import { setting } from './config.js';
import { fields } from './fields.js';

/** Settings of services that keep something. */
export const databaseSettings = {
  databaseUrl: setting('ESPALIER_DATABASE_URL', z.string().min(1), {
    description: 'Database of this service: sqlite:/path/to/file, postgres://… or mssql://….',
    secret: true,
  }),
  databaseMigrate: setting('ESPALIER_DATABASE_MIGRATE', fields.flag(true), {
    description: 'True applies pending migrations at the start (under a lock); false waits until a job did.',
  }),
} as const;

/** Settings of services that keep secrets. */
export const keyringSettings = {
  keyringFile: setting('ESPALIER_KEYRING_FILE', fields.path(), {
    description: 'Keys that encrypt secrets at rest. Losing this file loses every secret that is kept.',
  }),
} as const;

/** Settings of services that talk over NATS. */
export const natsSettings = {
  natsServers: setting(
    'ESPALIER_NATS_SERVERS',
    fields.list().pipe(z.array(z.string()).min(1, 'must name at least one server')),
    { description: 'Addresses of nats-server, separated by commas: nats://host:4222.' },
  ),
  natsSeed: setting('ESPALIER_NATS_SEED', z.string().min(1).optional(), {
    description: "Seed of this service's NATS user (SU…).",
    secret: true,
  }),
} as const;
