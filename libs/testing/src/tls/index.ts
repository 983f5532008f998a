export * from './certificates.js';
export * from './fault-relay.js';
