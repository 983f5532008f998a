import { defineErrors } from '@espalier/contracts';

/** Errors that the DMZ itself makes. Devices see them marked with `pmm-error-source: dmz`. Never 401. */
export const deviceErrors = defineErrors({
  ESP_DMZ_BAD_REQUEST: { status: 400, level: 'debug', title: 'The request is not valid.' },
  ESP_DMZ_CERTIFICATE_REQUIRED: {
    status: 403,
    level: 'info',
    title: 'This address needs a client certificate.',
    mend: 'Enrol the device again, or renew its identity certificate.',
  },
  ESP_DMZ_NOT_FOUND: { status: 404, level: 'debug', title: 'There is nothing at this address.' },
  ESP_DMZ_METHOD: { status: 405, level: 'debug', title: 'This address does not take that method.' },
  ESP_DMZ_SLOW: { status: 408, level: 'debug', title: 'The request came too slowly.' },
  ESP_DMZ_TOO_LARGE: { status: 413, level: 'info', title: 'The body is too large.' },
  ESP_DMZ_HEADERS_TOO_LARGE: { status: 431, level: 'debug', title: 'The request headers are too large.' },
  ESP_DMZ_INTERNAL: { status: 500, level: 'error', title: 'Something went wrong at the edge.' },
  ESP_DMZ_LINK_LOST: {
    status: 502,
    level: 'warn',
    title: 'The connection to the service broke before it answered.',
    mend: 'Try again.',
    retryable: true,
  },
  ESP_DMZ_NO_LINK: {
    status: 503,
    level: 'warn',
    title: 'The service is not connected or is busy.',
    mend: 'Try again after the time in Retry-After.',
    retryable: true,
  },
  ESP_DMZ_TIMEOUT: {
    status: 504,
    level: 'warn',
    title: 'The service did not answer in time.',
    mend: 'Try again.',
    retryable: true,
  },
  ESP_DMZ_VERSION: { status: 505, level: 'debug', title: 'Only HTTP/1.1 is spoken here.' },
});
