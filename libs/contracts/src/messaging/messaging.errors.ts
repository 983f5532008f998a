import { defineErrors } from '../errors/espalier-error.js';

/** Errors of the message bus itself; see also `commonErrors` (time-out, service or NATS not reachable). */
export const messagingErrors = defineErrors({
  ESP_MESSAGING_TOO_LARGE: {
    status: 413,
    level: 'warn',
    title: 'The message is larger than the message server (NATS) takes.',
    mend: 'Send less at once.',
  },
  ESP_MESSAGING_REPLY_TOO_LARGE: {
    status: 500,
    level: 'error',
    title: 'The reply is larger than the message server (NATS) takes.',
    mend: 'Ask for a smaller page: the request must be paged.',
  },
  ESP_MESSAGING_BACKLOG_FULL: {
    status: 503,
    level: 'warn',
    title: 'The queue is full.',
    mend: 'Try again later; if it persists, look whether the service that works on the queue runs.',
    retryable: true,
  },
  ESP_MESSAGING_OVERLOADED: {
    status: 503,
    level: 'warn',
    title: 'The service has too many requests waiting.',
    mend: 'Try again; if it persists, add replicas.',
    retryable: true,
  },
  ESP_MESSAGING_UNDECLARED: {
    status: 500,
    level: 'error',
    title: "The service's interface does not declare this message.",
    mend: "Add the contract to the service's defineServiceInterface and render the NATS permissions anew.",
  },
  ESP_MESSAGING_FORBIDDEN: {
    status: 500,
    level: 'error',
    title: 'The message server (NATS) does not permit this to the service.',
    mend: 'Render the NATS configuration anew from the declared interfaces and reload nats-server.',
  },
  ESP_MESSAGING_BAD_REPLY: {
    status: 502,
    level: 'error',
    title: 'The service answered with something that its contract does not allow.',
    mend: 'Look whether both services run versions that belong together.',
  },
  ESP_MESSAGING_DEAD_LETTER_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such dead letter.',
    mend: 'List the dead letters anew: it may have been replayed or discarded.',
  },
});
