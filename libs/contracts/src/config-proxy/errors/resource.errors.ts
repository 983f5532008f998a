import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about resources. */
export const resourceErrors = defineErrors({
  ESP_RESOURCE_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such device or user.',
    mend: 'List the devices or users to see their ids.',
  },
  ESP_RESOURCE_ENROLLED: {
    status: 409,
    level: 'info',
    title: 'The device is still enrolled, so its record cannot be deleted.',
    mend: 'Remove the management from the device first, or decommission the record.',
  },
  ESP_RESOURCE_STATE: {
    status: 409,
    level: 'info',
    title: 'The record is not active, so this cannot be done with it.',
    mend: 'It becomes active again when the device enrols.',
  },
  ESP_RESOURCE_GROUP_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such inventory group.',
    mend: 'Look at /api/v1/inventory-groups.',
  },
  ESP_RESOURCE_PROPERTY_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'The device has no such extension property.',
    mend: 'See the device, which shows those that it has.',
  },
  ESP_RESOURCE_PROPERTIES_FULL: {
    status: 409,
    level: 'info',
    title: 'The device has as many extension properties as it can have.',
    mend: 'Delete some that are no longer used.',
  },
  ESP_RESOURCE_USER_EXISTS: {
    status: 409,
    level: 'info',
    title: 'There is a user with this name already.',
    mend: 'Change that user, or give another name.',
  },
  ESP_RESOURCE_USER_ENROLLED: {
    status: 409,
    level: 'info',
    title: 'The user is enrolled on a device, so the record cannot be deleted.',
    mend: 'Remove the management from the device first.',
  },
  ESP_RESOURCE_AFFINITY_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'The user is not tied to this device.',
    mend: 'List the users of the device to see who is.',
  },
});
