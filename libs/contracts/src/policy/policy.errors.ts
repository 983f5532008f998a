import { defineErrors } from '../errors/espalier-error.js';

/** Errors of the mdm-policy service that other services see. */
export const policyErrors = defineErrors({
  ESP_POLICY_ENROLLMENT_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'The policy has never heard of this enrolment.',
    mend: 'Wait until the enrolment has been announced, or look whether mdm-policy is connected.',
  },
});
