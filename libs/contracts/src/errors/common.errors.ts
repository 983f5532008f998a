import { defineErrors } from './espalier-error.js';

/** Errors that every service can answer with. */
export const commonErrors = defineErrors({
  ESP_BAD_REQUEST: {
    status: 400,
    level: 'info',
    title: 'The request is not valid.',
    mend: 'Correct what the detail names.',
  },
  ESP_NOT_FOUND: { status: 404, level: 'info', title: 'There is no such object.' },
  ESP_TOO_LARGE: { status: 413, level: 'info', title: 'The body is too large.' },
  ESP_INTERNAL: {
    status: 500,
    level: 'error',
    title: 'Something went wrong inside.',
    mend: 'Look for the errorId in the logs of the service, or report it.',
  },
  ESP_TIMEOUT: {
    status: 503,
    level: 'warn',
    title: 'The service did not answer in time.',
    mend: 'Try again; if it persists, look at the readiness of the service.',
    retryable: true,
  },
  ESP_SERVICE_UNAVAILABLE: {
    status: 503,
    level: 'warn',
    title: 'The service is not reachable.',
    mend: 'Try again; if it persists, look whether the service runs and is ready.',
    retryable: true,
  },
  ESP_MESSAGING_UNAVAILABLE: {
    status: 503,
    level: 'warn',
    title: 'The message server (NATS) is not reachable.',
    mend: 'Try again; if it persists, look whether nats-server runs.',
    retryable: true,
  },
  ESP_DATABASE_UNAVAILABLE: {
    status: 503,
    level: 'warn',
    title: 'The database is not reachable.',
    mend: 'Try again; if it persists, look whether the database runs.',
    retryable: true,
  },
  ESP_SHUTTING_DOWN: {
    status: 503,
    level: 'info',
    title: 'This replica is shutting down.',
    mend: 'Try again: another replica answers.',
    retryable: true,
  },
});
