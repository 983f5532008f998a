import type { ServiceInterface } from '@espalier/contracts';

import { deadLetterSubject } from '../dead-letters/dead-letter.sink.js';
import { durableName, eventFilter } from '../events/event-filter.js';
import {
  DEFAULT_STREAM_LIMITS,
  deadLetterStream,
  EVENT_STREAM,
  JOB_STREAM,
  streamsOf,
} from '../jetstream/stream.definitions.js';

/** What one NATS user may do; a denial wins over a permission. */
export interface NatsPermissions {
  readonly publish: { readonly allow: readonly string[]; readonly deny: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
  /** May answer requests, once each, where the requester asked for the answer. */
  readonly respond: boolean;
}

export interface NatsPermissionsOptions {
  /** All other services: a service with tails must be kept off their durables by name. */
  readonly others?: readonly ServiceInterface[];
  /**
   * False where another user creates and updates the streams. Whoever may update a stream can also shorten what
   * it keeps, and NATS has no finer right: give it to few.
   */
  readonly provisionStreams?: boolean;
}

export const inboxPrefix = (service: string): string => `_INBOX_${service}`;

/** Replies of a delivery, in the short and in the long form (NATS ADR-15), the latter with and without a tail. */
const ackSubjects = (stream: string, consumer: string): string[] => [
  `$JS.ACK.${stream}.${consumer}.*.*.*.*.*`,
  `$JS.ACK.*.*.${stream}.${consumer}.*.*.*.*.*`,
  `$JS.ACK.*.*.${stream}.${consumer}.*.*.*.*.*.*`,
];

const consumerSubjects = (stream: string, consumer: string, filter: string): string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${filter}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
  ...ackSubjects(stream, consumer),
];

function streamSubjects(declared: ServiceInterface, provision: boolean): string[] {
  return streamsOf(declared, DEFAULT_STREAM_LIMITS).flatMap(({ name }) => [
    `$JS.API.STREAM.INFO.${name}`,
    ...(provision ? [`$JS.API.STREAM.CREATE.${name}`, `$JS.API.STREAM.UPDATE.${name}`] : []),
  ]);
}

function deadLetterSubjects(declared: ServiceInterface): string[] {
  const { service, consumes, works } = declared;
  if (consumes.length === 0 && works.length === 0) return [];
  const stream = deadLetterStream(service);
  return [
    ...consumes.map(({ durable }) => deadLetterSubject(service, 'event', durable)),
    ...works.map(({ queue }) => deadLetterSubject(service, 'job', queue)),
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
  ];
}

/** A tail's consumer has a name of its own each time, and a permission cannot match the beginning of a name. */
function tailSubjects(declared: ServiceInterface): string[] {
  if (declared.tails.length === 0) return [];
  const filters = new Set([
    ...declared.tails.map(({ subject }) => subject),
    ...declared.tails.map(({ aggregate }) => `esp.v1.evt.${aggregate}.*`),
    eventFilter(declared.tails),
  ]);
  return [
    ...[...filters].map((filter) => `$JS.API.CONSUMER.CREATE.${EVENT_STREAM}.*.${filter}`),
    `$JS.API.CONSUMER.MSG.NEXT.${EVENT_STREAM}.*`,
  ];
}

function foreignDurables(declared: ServiceInterface, others: readonly ServiceInterface[]): string[] {
  if (declared.tails.length === 0) return [];
  return others
    .filter((other) => other.service !== declared.service)
    .flatMap((other) => other.consumes.map(({ durable }) => durableName(other, durable)))
    .flatMap((name) => [
      `$JS.API.CONSUMER.CREATE.${EVENT_STREAM}.${name}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${EVENT_STREAM}.${name}`,
    ]);
}

/** Exactly what a service needs for what it declares, JetStream's own subjects included. */
export function natsPermissions(
  declared: ServiceInterface,
  options: NatsPermissionsOptions = {},
): NatsPermissions {
  const allow = [
    ...declared.calls.map(({ subject }) => subject),
    ...declared.publishes.map(({ subject }) => subject),
    ...declared.enqueues.map(({ subject }) => subject),
    // To put a dead letter back into its queue.
    ...declared.works.map(({ subject }) => subject),
    ...declared.consumes.flatMap(({ durable, events }) =>
      consumerSubjects(EVENT_STREAM, durableName(declared, durable), eventFilter(events)),
    ),
    ...declared.works.flatMap(({ queue, subject }) => consumerSubjects(JOB_STREAM, queue, subject)),
    ...tailSubjects(declared),
    ...deadLetterSubjects(declared),
    ...streamSubjects(declared, options.provisionStreams ?? true),
  ];
  const deny = foreignDurables(declared, options.others ?? []);
  return {
    // An empty list would allow everything.
    publish: { allow: [...new Set(allow)], deny: allow.length === 0 ? ['>'] : deny },
    subscribe: {
      allow: [
        ...declared.serves.map(({ subject, service }) => `${subject} ${service}`),
        `${inboxPrefix(declared.service)}.*.*`,
      ],
    },
    respond: declared.serves.length > 0,
  };
}
