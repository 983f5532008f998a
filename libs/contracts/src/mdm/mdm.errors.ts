import { defineErrors } from '../errors/espalier-error.js';

/** Errors of the mdm service that consoles and other services see. */
export const mdmErrors = defineErrors({
  ESP_MDM_ENROLLMENT_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such enrolment.',
    mend: 'List the devices to see their ids.',
  },
  ESP_MDM_ENROLLMENT_NOT_ACTIVE: {
    status: 409,
    level: 'info',
    title: 'The device is not enrolled (any more), so it cannot get commands.',
    mend: 'Enrol the device again, or leave it out.',
  },
  ESP_MDM_ENROLLMENT_LINK_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such enrolment link (any more).',
    mend: 'List the enrolment links to see their ids; those that are over are forgotten after a month.',
  },
  ESP_MDM_COMMAND_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such command.',
    mend: 'List the commands of the device to see their ids.',
  },
  ESP_MDM_COMMAND_INVALID: {
    status: 400,
    level: 'info',
    title: 'The command is not one that a device would accept.',
    mend: 'Correct what the detail names; a command that is not known here can be sent with "raw": true.',
  },
  ESP_MDM_COMMAND_NOT_CANCELLABLE: {
    status: 409,
    level: 'info',
    title: 'The command cannot be taken back: the device has it or it is done.',
    mend: 'See what became of it; what it did can only be undone by another command.',
  },
  ESP_MDM_DECLARATIONS_INVALID: {
    status: 400,
    level: 'info',
    title: 'The declarations are not ones that a device would accept.',
    mend: 'Correct what the detail names.',
  },
  ESP_MDM_DECLARATION_TOKEN_REUSED: {
    status: 409,
    level: 'warn',
    title: 'The server token of a declaration was used before, for another payload.',
    mend: 'Give the declaration a new server token whenever its payload changes: devices fetch by it.',
  },
  ESP_MDM_REQUEST_ID_REUSED: {
    status: 409,
    level: 'info',
    title: 'The request id was used before, for a different command.',
    mend: 'Use a new request id (Idempotency-Key) for each new request.',
  },
});
