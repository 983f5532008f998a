#!/usr/bin/env node
import { bootstrap } from '@espalier/service-kit';
import { dmzProxyConfig } from './dmz-proxy.config.js';
import { startDmzProxy } from './dmz-proxy.js';

await bootstrap(dmzProxyConfig, async (kit) => {
  const proxy = await startDmzProxy(kit);
  process.on('SIGHUP', () => {
    proxy.reload().catch((error: unknown) => {
      kit.logger.error({ err: error }, 'certificates and peers could not be read again: the old ones stay');
    });
  });
});
