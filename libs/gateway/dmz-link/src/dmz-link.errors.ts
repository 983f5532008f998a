import { defineErrors } from '@espalier/contracts';

/** Errors that devices get from this end of the link, beside those of the routes. */
export const dmzLinkErrors = defineErrors({
  ESP_DEVICE_CERTIFICATE_REQUIRED: {
    status: 403,
    level: 'info',
    title: 'This address needs a client certificate.',
    mend: 'Enrol the device again, or renew its identity certificate.',
  },
  ESP_DEVICE_METHOD: {
    status: 405,
    level: 'info',
    title: 'This address does not take that method.',
  },
});
