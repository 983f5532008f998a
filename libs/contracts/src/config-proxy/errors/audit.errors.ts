import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about the audit log. */
export const auditErrors = defineErrors({
  ESP_AUDIT_UNAVAILABLE: {
    status: 503,
    level: 'error',
    title: 'The audit log cannot be written, and nothing is done that is not recorded.',
    mend: 'Try again; if it persists, look whether the database runs and the keyring is the one that the site began with.',
    retryable: true,
  },
  ESP_AUDIT_RECORD_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such record in the audit log.',
    mend: 'List the audit log; records that are older than its retention are gone.',
  },
});
