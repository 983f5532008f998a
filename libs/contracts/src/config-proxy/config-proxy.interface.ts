import { defineServiceInterface } from '../messaging/service-interface.js';
import * as mdmEvents from '../mdm/mdm.events.js';
import * as mdmRpc from '../mdm/mdm.rpc.js';

/** What the config-proxy service says and hears over NATS. */
export const configProxyInterface = defineServiceInterface({
  service: 'config-proxy',
  calls: Object.values(mdmRpc),
  tails: Object.values(mdmEvents),
});
