export * from './dispatch/device-route.js';
export * from './dmz-link.errors.js';
export * from './dmz-link.js';
export type { LinkService, PinnedPeer, PinStatus, RouteAuth, RouteRetry } from '@espalier/link';
