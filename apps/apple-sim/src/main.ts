import { bootstrap } from '@espalier/service-kit';

import { appleSimConfig } from './apple-sim.config.js';
import { startAppleSimService } from './apple-sim.service.js';

await bootstrap(appleSimConfig, startAppleSimService);
