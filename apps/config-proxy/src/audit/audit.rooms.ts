import type { DeclaredEndpoint } from '@espalier/nest-kit';
import type { Database } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { Logger } from '@espalier/service-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobKind } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { StatusWriter } from '../status-messages/status-log.js';
import { AuditCheckpointStore } from './audit-checkpoint.store.js';
import { AuditHeadStore } from './audit-head.store.js';
import { AuditKeyStore } from './audit-key.store.js';
import { auditVerificationJob } from './audit-verification.job.js';
import { AuditController } from './audit.controller.js';
import { AuditExporter } from './audit.exporter.js';
import { auditHooks, type AuditedCaller, type AuditHooksOptions } from './audit.hooks.js';
import { AuditLog } from './audit.log.js';
import { AuditQueue } from './audit.queue.js';
import { AuditReader } from './audit.reader.js';
import { AuditService } from './audit.service.js';
import { AuditStore } from './audit.store.js';
import { AuditVerifier } from './audit.verifier.js';
import { RefusalTally } from './refusal.tally.js';
import { SignInMemory } from './sign-in.memory.js';

export interface AuditSurroundings {
  readonly db: Database;
  readonly vault: Keyring;
  readonly jobs: JobService;
  readonly idempotency: IdempotencyService;
  readonly status: StatusWriter;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly checkpointRecords?: number;
  readonly checkpointMs?: number;
}

export interface AuditHooksRequest {
  /** Of all controllers behind the door. */
  readonly endpoints: readonly DeclaredEndpoint[];
  readonly callerOf: (request: FastifyRequest) => AuditedCaller | undefined;
  /** What a path is about whose route does not say it. */
  readonly targetsOf?: AuditHooksOptions['targetsOf'];
}

export interface AuditRooms {
  /** For every room that has something to record. */
  readonly audit: AuditService;
  readonly reader: AuditReader;
  readonly exporter: AuditExporter;
  readonly verifier: AuditVerifier;
  readonly jobKinds: readonly JobKind<unknown>[];
  /** For `hooks` of `startNest`. */
  hooks(request: AuditHooksRequest): (fastify: FastifyInstance) => void;
  /** Signs what has been waiting for it; done every minute. */
  sign(): Promise<void>;
  /** Begins to sign what nobody adds to. */
  start(): void;
  /** Records what was only counted, and waits until nothing is left to write. */
  stop(): Promise<void>;
}

export const auditControllers = [AuditController] as const;

/** What the controllers need. */
export const auditProviders = ({ reader, exporter }: AuditRooms) => [
  { provide: AuditReader, useValue: reader },
  { provide: AuditExporter, useValue: exporter },
];

const LOOK_EVERY_MS = 60_000;

/** The audit log. Built first, after jobs: the other rooms record to it. */
export function buildAuditRooms(outside: AuditSurroundings): AuditRooms {
  const { db, vault, jobs, idempotency, status, logger, now } = outside;
  const { checkpointRecords, checkpointMs } = outside;
  const records = new AuditStore(db);
  const head = new AuditHeadStore();
  const checkpoints = new AuditCheckpointStore();
  const keys = new AuditKeyStore(vault);
  const stores = { db, records, head, checkpoints, keys };

  const log = new AuditLog({
    ...stores,
    now,
    ...(checkpointRecords !== undefined && { checkpointRecords }),
    ...(checkpointMs !== undefined && { checkpointMs }),
  });
  const queue = new AuditQueue({ db, append: (tx, entries) => log.append(tx, entries) });
  const audit = new AuditService({ ...stores, log, queue });
  const refusals = new RefusalTally({ record: (entry) => audit.recordAlone(entry), logger, now });
  const signIns = new SignInMemory(now);
  const verifier = new AuditVerifier(stores);

  const sign = async (): Promise<void> => {
    try {
      await db.transaction((tx) => log.checkpoint(tx));
    } catch (error) {
      logger.warn({ err: error }, 'the audit log could not be signed; trying later');
    }
  };
  let timer: NodeJS.Timeout | undefined;
  let signing = Promise.resolve();

  return {
    audit,
    verifier,
    reader: new AuditReader({ ...stores, jobs, idempotency }),
    exporter: new AuditExporter(stores),
    jobKinds: [auditVerificationJob({ db, verifier, status })],
    hooks: (request) => auditHooks({ ...request, audit, refusals, signIns, logger }),
    sign,
    start: () => {
      timer = setInterval(() => {
        signing = sign();
      }, LOOK_EVERY_MS);
      timer.unref();
    },
    stop: async () => {
      clearInterval(timer);
      await refusals.stop();
      await queue.drained();
      await signing;
    },
  };
}
