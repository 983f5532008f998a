import { bootstrap } from '@espalier/service-kit';
import { mdmPolicyConfig } from './mdm-policy.config.js';
import { startMdmPolicy } from './mdm-policy.module.js';

await bootstrap(mdmPolicyConfig, startMdmPolicy);
