import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import type { ServiceInterface, ServiceName } from '@espalier/contracts';

/** How much the streams keep. A change is applied to existing streams by the next service that starts. */
export interface StreamLimits {
  /** Copies in a NATS cluster: 1 or 3. */
  readonly replicas: number;
  readonly eventMaxAgeMs: number;
  readonly eventMaxBytes: number;
  /** Waiting jobs of one queue; more are refused, so that no queue starves another. */
  readonly jobMaxPerQueue: number;
  readonly jobMaxBytes: number;
  readonly deadLetterMaxAgeMs: number;
  readonly deadLetterMaxBytes: number;
  /** How long the server remembers message ids. */
  readonly duplicateWindowMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const MIB = 1024 * 1024;

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  replicas: 1,
  eventMaxAgeMs: 7 * DAY_MS,
  eventMaxBytes: 1024 * MIB,
  jobMaxPerQueue: 100_000,
  jobMaxBytes: 1024 * MIB,
  deadLetterMaxAgeMs: 90 * DAY_MS,
  deadLetterMaxBytes: 256 * MIB,
  duplicateWindowMs: 5 * 60 * 1_000,
};

export const EVENT_STREAM = 'ESP_EVT';
export const JOB_STREAM = 'ESP_JOB';
/** One stream per service: reading a stored message cannot be restricted to a subject, only to a stream. */
export const deadLetterStream = (service: ServiceName): string =>
  `ESP_DLQ_${service.toUpperCase().replaceAll('-', '_')}`;

export type StreamDefinition = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>;

const nanos = (ms: number): number => ms * 1_000_000;

function eventStream(limits: StreamLimits): StreamDefinition {
  return {
    name: EVENT_STREAM,
    subjects: ['esp.v1.evt.*.*'],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(limits.eventMaxAgeMs),
    max_bytes: limits.eventMaxBytes,
    num_replicas: limits.replicas,
    duplicate_window: nanos(limits.duplicateWindowMs),
  };
}

function jobStream(limits: StreamLimits): StreamDefinition {
  return {
    name: JOB_STREAM,
    subjects: ['esp.v1.job.*'],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    // "old" would delete jobs that nobody has done yet.
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: limits.jobMaxPerQueue,
    max_bytes: limits.jobMaxBytes,
    num_replicas: limits.replicas,
    duplicate_window: nanos(limits.duplicateWindowMs),
  };
}

function deadLetters(service: ServiceName, limits: StreamLimits): StreamDefinition {
  return {
    name: deadLetterStream(service),
    subjects: [`esp.v1.dlq.${service}.*.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(limits.deadLetterMaxAgeMs),
    max_bytes: limits.deadLetterMaxBytes,
    num_replicas: limits.replicas,
    duplicate_window: nanos(limits.duplicateWindowMs),
  };
}

/** The streams that a service touches. */
export function streamsOf(declared: ServiceInterface, limits: StreamLimits): readonly StreamDefinition[] {
  const usesEvents =
    declared.publishes.length > 0 || declared.consumes.length > 0 || declared.tails.length > 0;
  const usesJobs = declared.enqueues.length > 0 || declared.works.length > 0;
  const canFail = declared.consumes.length > 0 || declared.works.length > 0;
  return [
    ...(usesEvents ? [eventStream(limits)] : []),
    ...(usesJobs ? [jobStream(limits)] : []),
    ...(canFail ? [deadLetters(declared.service, limits)] : []),
  ];
}
