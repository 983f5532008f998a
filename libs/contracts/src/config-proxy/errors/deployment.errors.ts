import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about deployments. */
export const deploymentErrors = defineErrors({
  ESP_DEPLOYMENT_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such deployment.',
    mend: 'List the deployments to see their ids; one that was deleted is in the deployment history.',
  },
  ESP_DEPLOYMENT_TIMES_INVALID: {
    status: 400,
    level: 'info',
    title: 'The times of the deployment make no sense.',
    mend: 'Correct the fields that are named.',
  },
  ESP_DEPLOYMENT_DOES_NOT_FIT: {
    status: 409,
    level: 'info',
    title: 'The thing cannot be deployed like this.',
    mend: 'Choose a collection, an action or a thing that fit each other, as the detail says.',
  },
  ESP_DEPLOYMENT_NOTHING_IN_IT: {
    status: 409,
    level: 'info',
    title: 'There is nothing in the thing that could be deployed.',
    mend: 'Add configuration items to it first.',
  },
  ESP_DEPLOYMENT_DEVICE_NOT_TARGETED: {
    status: 404,
    level: 'info',
    title: 'The deployment is not for this device.',
    mend: 'Ask /api/v1/devices/{id}/explain why.',
  },
});
