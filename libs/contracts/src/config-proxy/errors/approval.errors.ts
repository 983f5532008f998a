import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about actions that need a second person, and about how many devices one person may act on. */
export const approvalErrors = defineErrors({
  ESP_APPROVAL_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such approval.',
    mend: 'List the approvals to see their ids; without approvals:read you see your own.',
  },
  ESP_APPROVAL_REASON_MISSING: {
    status: 400,
    level: 'info',
    title: 'This needs the approval of a second person, who wants to know why.',
    mend: 'Send the request again with the header Approval-Reason: 5 to 500 characters.',
  },
  ESP_APPROVAL_OWN: {
    status: 403,
    level: 'warn',
    title: 'Nobody approves what they asked for themselves.',
    mend: 'Ask another person: one whose account and token have nothing to do with the request.',
  },
  ESP_APPROVAL_NOT_A_PERSON: {
    status: 403,
    level: 'warn',
    title: 'Only a person approves: a service account is nobody who thinks about it.',
    mend: 'Sign in as yourself. Somebody with administrators:admin makes accounts of the kind "person".',
  },
  ESP_APPROVAL_TOO_NEW: {
    status: 403,
    level: 'warn',
    title: 'Your account was changed, or your token made, a short time ago, so you cannot approve yet.',
    mend: 'Ask somebody else, or wait until the time in the detail: it keeps a stolen account from making its own approver.',
  },
  ESP_APPROVAL_REQUESTER_TOO_NEW: {
    status: 409,
    level: 'warn',
    title: 'The account that asked, or the one that made its token, was made or changed a short time ago.',
    mend: 'Wait until the time in the detail, or reject it and have somebody else ask: it keeps whoever takes an account over from asking with it and approving with their own.',
  },
  ESP_APPROVAL_NOT_YOURS: {
    status: 403,
    level: 'info',
    title: 'Only who asked for an approval can cancel it.',
    mend: 'Reject it instead, where it still waits for a decision.',
  },
  ESP_APPROVAL_NOT_OPEN: {
    status: 409,
    level: 'info',
    title: 'The approval is not in a state that allows this.',
    mend: 'Read it again; ask anew where the action is still wanted.',
  },
  ESP_APPROVAL_RIGHTS_LOST: {
    status: 409,
    level: 'warn',
    title: 'Who asked for it could not ask for it any more.',
    mend: 'Reject it; somebody who may do it can ask anew. Their roles say what they may do, and in which collections.',
  },
  ESP_APPROVAL_IN_PROGRESS: {
    status: 409,
    level: 'info',
    title: 'The action is being carried out at this moment.',
    mend: 'Try again in a few seconds: what devices have not fetched by then is taken back.',
    retryable: true,
  },
  ESP_APPROVAL_FETCHED: {
    status: 409,
    level: 'warn',
    title: 'Devices have fetched the command already, so it cannot be taken back from them.',
    mend: 'The detail says how many had it; from the others it was taken back.',
  },
  ESP_APPROVAL_CAP_REACHED: {
    status: 429,
    level: 'warn',
    title: 'That is more devices within an hour than one person may act on like this.',
    mend: 'Wait until the time in the detail, or name fewer devices. No role lifts this limit; its policy can be changed.',
    retryable: true,
  },
  ESP_APPROVAL_CAP_EXCEEDED: {
    status: 400,
    level: 'warn',
    title: 'That is more devices at once than one person may act on within an hour.',
    mend: 'Name fewer devices. No role lifts this limit; its policy can be changed.',
  },
  ESP_APPROVAL_POLICY_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no approval policy for this kind of action.',
    mend: 'List the approval policies to see the kinds.',
  },
});
