import { bootstrap } from '@espalier/service-kit';
import { configProxyConfig } from './config-proxy.config.js';
import { startConfigProxy } from './config-proxy.module.js';

await bootstrap(configProxyConfig, async (kit) => {
  await startConfigProxy(kit);
});
