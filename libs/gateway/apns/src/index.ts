export * from './apns-client.js';
export * from './apns-client.options.js';
export * from './apns.errors.js';
export * from './push-certificate.js';
export * from './push-outcome.js';
