import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about who somebody is at the console door, what they may do and where, and about administrators. */
export const administratorErrors = defineErrors({
  ESP_AUTH_NOT_AN_ADMINISTRATOR: {
    status: 403,
    level: 'warn',
    title: 'You are known, but you are no administrator of this site.',
    mend: 'Ask whoever has the scope administrators:admin to add the identity in the detail to an administrator.',
  },
  ESP_AUTH_ADMINISTRATOR_DISABLED: {
    status: 401,
    level: 'warn',
    title: 'The administrator is disabled.',
    mend: 'Ask whoever has the scope administrators:admin.',
  },
  ESP_AUTH_NOT_FOR_LIMITED: {
    status: 403,
    level: 'warn',
    title: 'This is only for whoever reaches the whole site.',
    mend: 'Ask for a role that is not limited to collections, or for somebody who has one to do it.',
  },
  ESP_ADMINISTRATOR_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such administrator.',
    mend: 'List the administrators to see their ids.',
  },
  ESP_ROLE_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such role.',
    mend: 'List the roles to see their ids.',
  },
  ESP_ADMINISTRATOR_NAME_TAKEN: {
    status: 409,
    level: 'info',
    title: 'Another administrator has the same name; case does not count.',
    mend: 'Choose another name, or change the administrator who has it.',
  },
  ESP_ADMINISTRATOR_IDENTITY_TAKEN: {
    status: 409,
    level: 'info',
    title: 'An identity belongs to another administrator.',
    mend: 'Take it from that administrator first.',
  },
  ESP_ADMINISTRATOR_BUILT_IN: {
    status: 409,
    level: 'info',
    title: 'The built-in administrator cannot be deleted or renamed.',
    mend: 'Disable it where it is not needed.',
  },
  ESP_ADMINISTRATOR_LAST: {
    status: 409,
    level: 'warn',
    title: 'Nobody would be left who may do everything.',
    mend: 'First make somebody else a Full Administrator of the whole site.',
  },
  ESP_ADMINISTRATOR_BEYOND_OWN: {
    status: 403,
    level: 'warn',
    title: 'Nobody can give more than they have themselves, for the whole site.',
    mend: 'Leave out what the detail names, or ask somebody who has it.',
  },
  ESP_ADMINISTRATOR_COLLECTION_UNKNOWN: {
    status: 400,
    level: 'info',
    title: 'An assignment names a collection that does not exist.',
    mend: 'List the collections to see their ids.',
  },
});
