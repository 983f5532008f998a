import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about scripts, and about what Mac clients are to do. */
export const scriptErrors = defineErrors({
  ESP_SCRIPT_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such script.',
    mend: 'List the scripts to see their ids.',
  },
  ESP_SCRIPT_EXISTS: {
    status: 409,
    level: 'info',
    title: 'There is a script with this id.',
    mend: 'Leave the id (ScriptGuid) out, or change the script that has it.',
  },
  ESP_SCRIPT_NOT_APPROVED: {
    status: 403,
    level: 'warn',
    title: 'The script is not approved, so no device runs it.',
    mend: 'Have a second person approve it: POST /api/v1/scripts/{id}/approve, or UpdateApprovalState of SMS_Scripts.',
  },
  ESP_SCRIPT_OWN: {
    status: 403,
    level: 'warn',
    title: 'Nobody decides on a script that they wrote themselves.',
    mend: 'Ask another person: one whose account and token have nothing to do with the script.',
  },
  ESP_SCRIPT_VERSION_UNNAMED: {
    status: 428,
    level: 'info',
    title: 'The script was changed since it was made: say which version you approve.',
    mend: 'Read the script again, and send its ETag as If-Match; the command line does so.',
  },
  ESP_SCRIPT_PARAMETERS_INVALID: {
    status: 400,
    level: 'info',
    title: 'The parameters do not fit the script.',
    mend: 'Give those that the script defines, and all that it requires.',
  },
  ESP_CLIENT_OPERATION_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such operation.',
    mend: 'An operation is known to those who reach one of its devices.',
  },
  ESP_CLIENT_TASK_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such task of this device.',
    mend: 'List the tasks of the operation to see which devices it is for.',
  },
});
