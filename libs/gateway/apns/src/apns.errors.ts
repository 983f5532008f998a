import { defineErrors } from '@espalier/contracts';

/** What can be wrong with the push certificate. A push itself never throws: see `PushOutcome`. */
export const apnsErrors = defineErrors({
  ESP_APNS_CERTIFICATE_INVALID: {
    status: 422,
    level: 'error',
    title: 'The MDM push certificate cannot be used.',
    mend: 'Give the certificate from identity.apple.com and its own private key, both as PEM.',
  },
  ESP_APNS_CERTIFICATE_EXPIRED: {
    status: 422,
    level: 'error',
    title: 'The MDM push certificate has expired.',
    mend: 'Renew it at identity.apple.com with the same Apple account.',
  },
  ESP_APNS_TOPIC_CHANGED: {
    status: 409,
    level: 'error',
    title: 'The new MDM push certificate has another topic.',
    mend: 'Renew the existing certificate instead of creating a new one: devices only accept pushes of the topic they enrolled with.',
  },
});
