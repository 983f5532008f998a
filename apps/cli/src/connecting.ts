/** What only commands need that are carried out. Loaded as one, and not for help. */
export { ApiClient } from './connection/api.client.js';
export { Credentials } from './connection/credentials.js';
export { ProfileStore } from './connection/profile.store.js';
export { connectionSettings } from './connection/settings.js';
export { confirm } from './terminal/prompt.js';
