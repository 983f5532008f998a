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
  ESP_ADMIN_SERVICE_NEEDS_APPROVAL: {
    status: 403,
    level: 'info',
    title: 'This interrupts people at their devices, so it needs the approval of a second person.',
    mend: 'Ask for it with "espalier commands" or POST /api/v1/commands, where a second person can approve it.',
  },
  ESP_ADMIN_SERVICE_MAC_CLIENT_NEEDED: {
    status: 501,
    level: 'info',
    title: 'Scripts and CMPivot run in the Mac client, which this version of the site does not have yet.',
    mend: 'Use inventory and configuration items until the Mac client is there.',
  },
});
