import type { Database } from '@espalier/persistence';
import { z } from 'zod';
import type { JobKind, JobStepResult } from '../jobs/job.kind.js';
import type { StatusWriter } from '../status-messages/status-log.js';
import type { AuditVerifier, VerificationStep } from './audit.verifier.js';
import type { ChainState } from './chain.checker.js';

export const auditVerification = 'audit-verification';

const paramsSchema = z.object({ from: z.number().int().min(1).optional() });
export type AuditVerificationParams = z.output<typeof paramsSchema>;

export interface AuditVerificationOptions {
  readonly db: Database;
  readonly verifier: AuditVerifier;
  readonly status: StatusWriter;
}

/** What a job keeps between its steps. */
interface Progress {
  readonly state: ChainState;
  /** Findings so far. */
  readonly found: number;
  /** The first sequence that cannot be relied on. */
  readonly firstBad: number | null;
}

/** The rest are as good as certain to follow from these. */
const MAX_MESSAGES = 15;

/** Verifies the log as a job, whose failed items are findings and whose messages say what they are. */
export function auditVerificationJob({
  db,
  verifier,
  status,
}: AuditVerificationOptions): JobKind<AuditVerificationParams> {
  return {
    kind: auditVerification,
    params: paramsSchema,
    cancelScope: 'audit:read',
    step: async ({ params, cursor }): Promise<JobStepResult> => {
      const before: Progress =
        cursor === null
          ? { state: await verifier.begin(params.from), found: 0, firstBad: null }
          : (JSON.parse(cursor) as Progress);
      const step = await verifier.step(before.state);
      const progress = advanced(before, step);
      const { findings, checked, finished, through } = step;
      const messages = findings
        .slice(0, Math.max(0, MAX_MESSAGES - before.found))
        .map(({ text }) => text)
        .concat(finished ? [conclusion(progress, params.from, through)] : []);
      const { firstBad } = progress;
      if (finished && firstBad !== null)
        await db.transaction((tx) =>
          status.write(tx, {
            severity: 'error',
            component: 'audit',
            messageId: 'audit-log-changed',
            text: `The audit log is not what was written, from record ${firstBad} on. ${messages[0] ?? ''}`,
          }),
        );
      return {
        done: checked,
        failed: findings.length,
        cursor: JSON.stringify(progress),
        total: Math.max(0, through - (params.from ?? 1) + 1),
        finished,
        messages,
      };
    },
  };
}

const advanced = ({ found, firstBad }: Progress, { state, findings }: VerificationStep): Progress => {
  const bad = Math.min(firstBad ?? Infinity, ...findings.map(({ sequence }) => sequence));
  return { state, found: found + findings.length, firstBad: bad === Infinity ? null : bad };
};

const conclusion = ({ firstBad }: Progress, from: number | undefined, through: number): string =>
  firstBad === null
    ? `The records from ${from ?? 1} to ${through} are as they were written.`
    : `The first record that cannot be relied on: ${firstBad}.`;
