import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about configuration items, baselines, applications and packages. */
const thingErrors = {
  ESP_LIBRARY_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such configuration item, baseline, application or package.',
    mend: 'List them to see their ids.',
  },
  ESP_LIBRARY_REVISION_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such revision.',
    mend: 'List the revisions to see which there are.',
  },
  ESP_LIBRARY_PROFILE_INVALID: {
    status: 422,
    level: 'info',
    title: 'This is not a configuration profile that can be deployed.',
    mend: 'Correct what the detail names and upload the profile again.',
  },
  ESP_LIBRARY_SCOPE_MISMATCH: {
    status: 422,
    level: 'info',
    title: 'PayloadScope of the profile is not the scope of the configuration item.',
    mend: 'Set PayloadScope to System or User as the configuration item has it, or make another configuration item.',
  },
  ESP_LIBRARY_IDENTIFIER_MISMATCH: {
    status: 422,
    level: 'info',
    title: 'A new revision must keep the identifier: devices replace only what has the same one.',
    mend: 'Set the identifier as the configuration item has it, or make another configuration item.',
  },
  ESP_LIBRARY_PROFILE_UUID_REUSED: {
    status: 422,
    level: 'info',
    title: 'Another revision of this signed profile has the same PayloadUUID, but other content.',
    mend: 'Give it a new PayloadUUID and sign it again: devices tell revisions apart by it.',
  },
  ESP_LIBRARY_DECLARATION_INVALID: {
    status: 422,
    level: 'info',
    title: 'This is not a declaration that can be deployed.',
    mend: 'Correct what the detail names.',
  },
  ESP_LIBRARY_KIND_MISMATCH: {
    status: 422,
    level: 'info',
    title: 'A configuration item keeps its kind: the new content is of another one.',
    mend: 'Make another configuration item.',
  },
  ESP_LIBRARY_TOO_LARGE: {
    status: 413,
    level: 'info',
    title: 'The content is larger than the limit.',
    mend: 'Make it smaller; large files belong to packages and applications.',
  },
  ESP_LIBRARY_MEMBERS_INVALID: {
    status: 422,
    level: 'info',
    title: 'The baseline cannot have these configuration items.',
    mend: 'Correct what the detail names.',
  },
  ESP_LIBRARY_CONTENT_INVALID: {
    status: 422,
    level: 'info',
    title: 'The content that it refers to does not exist or does not fit.',
    mend: 'Upload the content first, and give its id.',
  },
  ESP_LIBRARY_IN_USE: {
    status: 409,
    level: 'info',
    title: 'It is in use and cannot be deleted.',
    mend: 'End the deployments, or take it out of the baselines, that the detail names.',
  },
} as const;

/** Errors about content: files that applications and packages are made of. */
const contentErrors = {
  ESP_CONTENT_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such content.',
    mend: 'List the content to see what there is; the content port serves only what an application or package has.',
  },
  ESP_CONTENT_UPLOAD_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such upload.',
    mend: 'Begin the upload anew: one that nobody goes on with is given up after a day.',
  },
  ESP_CONTENT_OFFSET_WRONG: {
    status: 409,
    level: 'info',
    title: 'The upload goes on at another offset.',
    mend: 'Go on at the offset that the detail and the header Upload-Offset name.',
  },
  ESP_CONTENT_UPLOAD_BUSY: {
    status: 409,
    level: 'info',
    title: 'Another request is writing to this upload.',
    mend: 'Send one part at a time; after a broken request wait as long as Retry-After says.',
    retryable: true,
  },
  ESP_CONTENT_UPLOAD_TOO_LONG: {
    status: 413,
    level: 'info',
    title: 'More bytes were sent than the upload was announced with.',
    mend: 'Begin an upload with the right size.',
  },
  ESP_CONTENT_UPLOAD_SHORT: {
    status: 409,
    level: 'info',
    title: 'The upload is not whole yet.',
    mend: 'Send the rest, from the offset that the detail and the header Upload-Offset name.',
  },
  ESP_CONTENT_UPLOAD_BROKEN_OFF: {
    status: 400,
    level: 'info',
    title: 'The body ended before it was whole.',
    mend: 'Ask for the offset and go on there: what arrived is kept.',
    retryable: true,
  },
  ESP_CONTENT_HASH_WRONG: {
    status: 422,
    level: 'warn',
    title: 'What arrived has another SHA-256 than was announced; it was thrown away.',
    mend: 'Check the file and its SHA-256, and upload it again.',
  },
  ESP_CONTENT_STORE_FULL: {
    status: 507,
    level: 'warn',
    title: 'The content store has no room for this.',
    mend: 'Delete content that is not needed, or give the store more room.',
  },
  ESP_CONTENT_STORE_MISSING: {
    status: 503,
    level: 'error',
    title: 'The content store cannot be reached.',
    mend: 'Look whether the folder of the content store exists, is mounted and can be written to.',
    retryable: true,
  },
  ESP_CONTENT_IN_USE: {
    status: 409,
    level: 'info',
    title: 'Applications or packages have this content.',
    mend: 'Delete those that the detail names first.',
  },
} as const;

export const libraryErrors = defineErrors({ ...thingErrors, ...contentErrors });
