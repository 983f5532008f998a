export * from './errors/espalier-error.js';
export * from './errors/common.errors.js';
export * from './messaging/define.js';
