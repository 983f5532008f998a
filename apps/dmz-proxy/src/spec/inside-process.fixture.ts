import { EventEmitter } from 'node:events';
import { DmzLink } from '@espalier/dmz-link';
import { silent, SITE } from './edge.fixture.js';
import { testRoutes, type UploadReport } from './routes.fixture.js';

/** An inside service as a process of its own, to be killed or stopped. Its options come as the first message. */
export interface InsideProcessOptions {
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly dmzCertificate: string;
  readonly replica: string;
}

process.once('message', (options: InsideProcessOptions) => {
  const reports = new EventEmitter<{ report: [UploadReport] }>();
  reports.on('report', (report) => process.send?.(report));
  const link = new DmzLink({
    targets: [{ host: '127.0.0.1', port: options.port }],
    identity: options,
    peerPins: [{ certificate: options.dmzCertificate, status: 'active' }],
    service: 'mdm',
    site: SITE,
    replica: options.replica,
    slots: 1,
    routes: testRoutes(reports),
    logger: silent,
    random: () => 0.01,
  });
  link.start();
  process.on('SIGTERM', () => void link.drain(5_000).then(() => process.exit(0)));
});
process.on('disconnect', () => process.exit(0));
