import { randomBytes, randomUUID } from 'node:crypto';
import { EventPublisher } from '@espalier/messaging';
import { createOutbox, outboxMigration, type Database, type Migration, type Tx } from '@espalier/persistence';
import { createKeyring, type Keyring } from '@espalier/secrets';
import { createLogger } from '@espalier/service-kit';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { JobRunner } from '../jobs/job.runner.js';
import { JobService } from '../jobs/job.service.js';
import { JobStore } from '../jobs/job.store.js';
import { createAudit } from '../migrations/2026-11-21-create-audit.js';
import { createDeployments } from '../migrations/2026-11-21-create-deployments.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { buildStatusRooms, type StatusRooms } from '../status-messages/status.rooms.js';
import type { AuditEntry } from './audit.entry.js';
import { buildAuditRooms, type AuditRooms } from './audit.rooms.js';

export const auditMigrations: readonly Migration[] = [
  outboxMigration,
  createSite,
  createDeployments,
  createAudit,
];

export const silent = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });

export const newVault = (): Keyring => createKeyring([{ id: 'k1', key: randomBytes(32) }], 'k1');

export const jane = { type: 'person', id: 'jane', name: 'Jane', ip: '192.0.2.7', auth: 'oidc' } as const;

/** Something that Jane did. */
export const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  action: 'deleteDevice',
  outcome: 'succeeded',
  actor: jane,
  credentialId: 'oidc:jane',
  address: '192.0.2.7',
  targets: [{ type: 'device', id: '16777219' }],
  requestId: 'request-1',
  ...more,
});

export interface AuditSite {
  readonly rooms: AuditRooms;
  readonly jobs: JobService;
  readonly status: StatusRooms;
  readonly runner: JobRunner;
  readonly idempotency: IdempotencyService;
}

/** One replica's audit log, with the rooms that it needs. */
export function auditSite(
  db: Database,
  options: {
    readonly vault: Keyring;
    readonly now?: () => Date;
    readonly checkpointRecords?: number;
    readonly checkpointMs?: number;
  },
): AuditSite {
  const { now = () => new Date(), ...rest } = options;
  const events = new EventPublisher<Tx>(createOutbox(db), { nudge: () => undefined });
  const store = new JobStore(db);
  const jobs = new JobService({ db, store, events, now, uuid: randomUUID });
  const status = buildStatusRooms({ db, events, now });
  const idempotency = new IdempotencyService(db, now);
  const rooms = buildAuditRooms({ db, jobs, idempotency, status: status.log, logger: silent, now, ...rest });
  const kinds = rooms.jobKinds;
  const runner = new JobRunner({
    db,
    store,
    events,
    kinds,
    logger: silent,
    now,
    uuid: randomUUID,
    pollMs: 5,
  });
  return { rooms, jobs, status, runner, idempotency };
}
