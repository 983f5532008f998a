import { defineErrors } from '../../errors/espalier-error.js';

/** Errors that every part of the site core can answer with. */
export const siteErrors = defineErrors({
  ESP_SITE_FILTER_INVALID: {
    status: 400,
    level: 'info',
    title: 'The filter or the order is not valid.',
    mend: 'Correct what the detail names.',
  },
  ESP_SITE_CHANGED_MEANWHILE: {
    status: 412,
    level: 'info',
    title: 'It was changed since the version that If-Match names.',
    mend: 'Read it again, apply your change to what you find, and send it with the new ETag.',
  },
  ESP_SITE_KEY_REUSED: {
    status: 409,
    level: 'info',
    title: 'The Idempotency-Key was used before, for a different request.',
    mend: 'Use a new key for each new request.',
  },
  ESP_SITE_JOB_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such job.',
    mend: 'List the jobs to see their ids; those that are long over are forgotten.',
  },
  ESP_SITE_JOB_NOT_CANCELLABLE: {
    status: 409,
    level: 'info',
    title: 'Jobs of this kind are not cancelled.',
    mend: 'Cancel what it is part of: an approved action by cancelling its approval.',
  },
  ESP_SITE_JOB_FINISHED: {
    status: 409,
    level: 'info',
    title: 'The job is over, so it cannot be cancelled.',
    mend: 'See the job, which shows what came of it.',
  },
});
