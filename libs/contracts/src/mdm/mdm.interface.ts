import { defineServiceInterface } from '../messaging/service-interface.js';
import * as events from './mdm.events.js';
import * as rpc from './mdm.rpc.js';

/** What the mdm service says and hears over NATS. */
export const mdmInterface = defineServiceInterface({
  service: 'mdm',
  serves: Object.values(rpc),
  publishes: Object.values(events),
});
