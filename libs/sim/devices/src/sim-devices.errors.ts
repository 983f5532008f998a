import { defineErrors } from '@espalier/contracts';

/** What goes wrong at the device's end. `retryable` says whether a device tries again by itself. */
export const simErrors = defineErrors({
  ESP_SIM_PROFILE_REFUSED: {
    status: 400,
    level: 'error',
    title: 'The enrolment profile cannot be installed.',
  },
  ESP_SIM_SCEP_CA_MISMATCH: {
    status: 502,
    level: 'error',
    title: 'The SCEP server has another CA than the profile names.',
    mend: 'Compare CAFingerprint in the profile with the certificate that GetCACert answers.',
  },
  ESP_SIM_SCEP_REFUSED: {
    status: 502,
    level: 'error',
    title: 'The SCEP server refused to issue an identity.',
    mend: 'A challenge is good once and for a while: get a new profile.',
  },
  ESP_SIM_SCEP_INVALID: {
    status: 502,
    level: 'error',
    title: 'The SCEP server answered what cannot be accepted.',
  },
  ESP_SIM_CONNECTION_FAILED: {
    status: 503,
    level: 'warn',
    title: 'The server cannot be reached.',
    retryable: true,
  },
  ESP_SIM_REPLY_CUT: {
    status: 502,
    level: 'warn',
    title: 'The answer was cut short, or may have been.',
    retryable: true,
  },
  ESP_SIM_REPLY_INVALID: {
    status: 502,
    level: 'warn',
    title: 'The answer cannot be read.',
    retryable: true,
  },
  ESP_SIM_SERVER_BUSY: {
    status: 503,
    level: 'warn',
    title: 'The server could not answer.',
    retryable: true,
  },
  ESP_SIM_REQUEST_REFUSED: { status: 502, level: 'error', title: 'The server refused the request.' },
  ESP_SIM_UNENROLLED: { status: 502, level: 'error', title: 'The server does not manage this device.' },
  ESP_SIM_COMMAND_REPEATED: {
    status: 502,
    level: 'error',
    title: 'The server sent a command again whose result it has.',
  },
  ESP_SIM_NOT_NOW_IGNORED: {
    status: 502,
    level: 'error',
    title: 'The server answered NotNow with a command that was just put off.',
  },
  ESP_SIM_DECLARATIONS_INVALID: {
    status: 502,
    level: 'error',
    title: 'The server’s declarations cannot be taken.',
  },
  ESP_SIM_DECLARATIONS_UNSETTLED: {
    status: 502,
    level: 'error',
    title: 'The token of the declarations does not settle.',
    mend: 'Let the token change with the declarations only, and be the same in tokens and declaration-items.',
  },
  ESP_SIM_PROFILE_MISSING: { status: 404, level: 'warn', title: 'The profile is not installed.' },
  ESP_SIM_PROFILE_LOCKED: {
    status: 409,
    level: 'warn',
    title: 'The profile does not allow its removal.',
    mend: 'Remove it as root (force), or by command.',
  },
  ESP_SIM_CONTROL_INVALID: {
    status: 400,
    level: 'warn',
    title: 'The control message cannot be understood.',
  },
  ESP_SIM_DEVICE_MISSING: { status: 404, level: 'warn', title: 'There is no such device.' },
  ESP_SIM_TOKEN_TAKEN: {
    status: 409,
    level: 'error',
    title: 'Another process waits for the pushes of this device.',
    mend: 'Run one process per state folder.',
  },
  ESP_SIM_PUSH_IGNORED: {
    status: 400,
    level: 'warn',
    title: 'A push carries another push magic than this enrolment has.',
  },
  ESP_SIM_PHASE: { status: 409, level: 'error', title: 'The device is not in a state to do that.' },
  ESP_SIM_STATE_INVALID: {
    status: 500,
    level: 'error',
    title: 'A file in the state folder cannot be read.',
    mend: 'Give another folder, or remove the folder of that device.',
  },
  ESP_SIM_STATE_LOCKED: {
    status: 409,
    level: 'error',
    title: 'Another process uses this state folder.',
    mend: 'Stop it first. Remove fleet.lock if that process is none of yours.',
  },
  ESP_SIM_STOPPED: { status: 503, level: 'info', title: 'The simulator is stopping.' },
});
