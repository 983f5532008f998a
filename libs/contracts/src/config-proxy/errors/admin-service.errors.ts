import { defineErrors } from '../../errors/espalier-error.js';

/** Errors of the AdminService-compatible door. */
export const adminServiceErrors = defineErrors({
  ESP_ADMIN_SERVICE_REQUEST_INVALID: {
    status: 400,
    level: 'info',
    title: 'The OData request cannot be read.',
    mend: 'Correct what the detail names.',
  },
  ESP_ADMIN_SERVICE_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such class, object or method.',
    mend: 'GET /AdminService/wmi/$metadata lists the classes and their methods.',
  },
  ESP_ADMIN_SERVICE_NOT_SUPPORTED: {
    status: 501,
    level: 'info',
    title: 'ConfigMgr has this, the site does not.',
    mend: 'docs/admin-service.md says what there is instead.',
  },
  ESP_ADMIN_SERVICE_METHOD_NOT_ALLOWED: {
    status: 405,
    level: 'info',
    title: 'The class does not take this method.',
    mend: 'docs/admin-service.md lists what can be written.',
  },
});
