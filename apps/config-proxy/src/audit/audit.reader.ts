import {
  auditErrors,
  type AuditCheckpoint,
  type AuditKey,
  type AuditRecord,
  type Job,
} from '@espalier/contracts';
import type { Database, Page } from '@espalier/persistence';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobService } from '../jobs/job.service.js';
import type { AuditCheckpointStore } from './audit-checkpoint.store.js';
import { keyView, type AuditKeyStore } from './audit-key.store.js';
import { auditVerification, type AuditVerificationParams } from './audit-verification.job.js';
import type { AuditListRequest, AuditStore } from './audit.store.js';

export interface AuditReaderOptions {
  readonly db: Database;
  readonly records: AuditStore;
  readonly checkpoints: AuditCheckpointStore;
  readonly keys: AuditKeyStore;
  readonly jobs: JobService;
  readonly idempotency: IdempotencyService;
}

/** Shows the log, its checkpoints and the keys that sign them, and has it verified. */
export class AuditReader {
  constructor(private readonly options: AuditReaderOptions) {}

  /** Newest first unless ordered otherwise. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  list(request: AuditListRequest): Promise<Page<AuditRecord>> {
    return this.options.records.list(request);
  }

  /** @throws EspalierError ESP_AUDIT_RECORD_UNKNOWN */
  async get(sequence: number): Promise<AuditRecord> {
    const record = await this.options.records.find(sequence);
    if (record === undefined) throw auditErrors.ESP_AUDIT_RECORD_UNKNOWN({ detail: String(sequence) });
    return record;
  }

  /** Newest first. @throws EspalierError ESP_BAD_REQUEST */
  checkpoints(limit: number, cursor?: string): Promise<Page<AuditCheckpoint>> {
    const { db, checkpoints } = this.options;
    return checkpoints.list(db, limit, cursor);
  }

  /** Oldest first. */
  async keys(): Promise<AuditKey[]> {
    const { db, keys } = this.options;
    return (await keys.all(db)).map(keyView);
  }

  /** @throws EspalierError ESP_SITE_KEY_REUSED */
  verify(
    params: AuditVerificationParams,
    { callerId, key, title }: { readonly callerId: string; readonly key: string | undefined; title: string },
  ): Promise<Job> {
    const { idempotency, jobs } = this.options;
    return idempotency.run({ callerId, key, body: { verifyAudit: params } }, (tx) =>
      jobs.create(tx, {
        kind: auditVerification,
        title: 'Verification of the audit log',
        params,
        createdBy: title,
      }),
    );
  }
}
