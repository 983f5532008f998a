import { defineErrors } from '@espalier/contracts';

/** What is wrong with a device's message. Never 401: a Mac unenrols on it. */
export const checkinErrors = defineErrors({
  ESP_MDM_CHECKIN_INVALID: {
    status: 400,
    level: 'info',
    title: 'The message is not one that a device may send here.',
  },
  ESP_MDM_TOPIC_MISMATCH: {
    status: 400,
    level: 'warn',
    title: 'The message names another push topic than this server has.',
    mend: 'Enrol the device with a profile of this server; a renewed push certificate must keep its topic.',
  },
});
