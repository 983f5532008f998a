import type { ClientOperation } from '@espalier/contracts';
import type { Command } from 'commander';
import { findThing } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { several } from '../options.js';
import { subcommand } from './define.js';
import { deviceIdsOf, showOperation, watchOperation } from './operation.watch.js';

interface InstallOptions {
  readonly device?: readonly string[];
  readonly wait?: boolean;
}

/** What `espalier applications` has for single devices. */
export function install(command: Command, cli: Cli): void {
  subcommand(command, 'install <application>', {
    summary: 'install an application on devices now, without a deployment',
    description:
      'Install an application on devices now, without a deployment: once, and on these alone. Devices without a Mac client are told apart at once. It counts with deployments: for many devices, deploy it to a collection.',
    example: 'espalier applications install Firefox --device LAB-01 --device LAB-02 --wait',
  })
    .option('-d, --device <device>', 'on this device; may be given several times', several)
    .option('-w, --wait', 'until every device has ended; 1 where one did not succeed')
    .action(async (name: string, { device = [], wait }: InstallOptions) => {
      if (device.length === 0) throw usageError('Name devices: --device.');
      const application = await findThing(cli.api, name, ['application']);
      const deviceIds = await deviceIdsOf(cli, device);
      await cli.confirm(`Install ${application.name} on ${device.join(', ')}?`);
      const begun = await cli.api.post<ClientOperation>(
        path`/api/v1/applications/${application.thingId}/install`,
        { deviceIds },
      );
      showOperation(cli, wait === true ? await watchOperation(cli, begun) : begun);
    });
}
