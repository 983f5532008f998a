export * from './dmz-proxy.config.js';
export * from './dmz-proxy.js';
