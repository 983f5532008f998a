import { defineErrors } from '@espalier/contracts';

/** Why a message of a device is not accepted. Never 401 (a Mac unenrols on it), and 400 says nothing to an attacker. */
export const identityErrors = defineErrors({
  ESP_MDM_IDENTITY_MISSING: {
    status: 400,
    level: 'info',
    title: 'The message proves no device identity.',
    mend: 'Sign it (Mdm-Signature) or present the client certificate of the enrolment.',
  },
  ESP_MDM_IDENTITY_INVALID: {
    status: 400,
    level: 'warn',
    title: 'The device identity or its signature is not valid.',
    mend: 'Enrol the device again if it keeps its old identity.',
  },
  ESP_MDM_IDENTITY_NOT_PINNED: {
    status: 400,
    level: 'warn',
    title: 'The identity does not belong to this enrolment.',
    mend: 'If the device was migrated or restored from another one, enrol it again.',
  },
});
