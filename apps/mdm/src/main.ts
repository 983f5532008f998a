import { bootstrap } from '@espalier/service-kit';
import { mdmConfig } from './mdm.config.js';
import { startMdm } from './mdm.module.js';

await bootstrap(mdmConfig, startMdm);
