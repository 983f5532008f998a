import { defineErrors } from '@espalier/contracts';

/** What is wrong with what a device asks about its declarations. Never 401: a Mac unenrols on it. */
export const declarationErrors = defineErrors({
  ESP_MDM_DECLARATION_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'The device has no such declaration.',
  },
});
