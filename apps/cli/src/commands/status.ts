import type { StatusSeverity, StoredStatusMessage } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { quoted, showList } from '../api/list.js';
import { findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { about } from './define.js';

interface StatusOptions extends ListOptions {
  readonly severity?: StatusSeverity;
  readonly device?: string;
  readonly component?: string;
}

const atLeast: Readonly<Record<StatusSeverity, readonly StatusSeverity[]>> = {
  information: ['information', 'warning', 'error'],
  warning: ['warning', 'error'],
  error: ['error'],
};

/** `espalier status`. */
export function status(command: Command, cli: Cli): void {
  addListOptions(
    about(command, {
      summary: 'what the services have to say to admins, newest first',
      example: 'espalier status --severity warning --limit 20',
    })
      .addOption(
        new Option('-s, --severity <severity>', 'at least so grave').choices([
          'information',
          'warning',
          'error',
        ]),
      )
      .option('-d, --device <device>', 'only of a device')
      .option('-c, --component <name>', 'only of a part of a service, such as collections'),
    "service eq 'mdm'",
  ).action(async ({ severity = 'information', device, component, ...options }: StatusOptions) => {
    const resourceId = device === undefined ? undefined : (await findDevice(cli.api, device)).resourceId;
    const conditions = [
      severity !== 'information' && `severity in (${atLeast[severity].map(quoted).join(',')})`,
      resourceId !== undefined && `resourceId eq ${resourceId}`,
      component !== undefined && `component eq ${quoted(component)}`,
    ].filter((condition) => condition !== false);
    await showList<StoredStatusMessage>(
      cli,
      {
        path: '/api/v1/status-messages',
        query: { filter: conditions.length === 0 ? undefined : conditions.join(' and ') },
        columns: [
          whole('AT', ({ at }) => showTime(at)),
          minor(whole('SEVERITY', (message) => message.severity)),
          whole('SERVICE', ({ service }) => service),
          minor(whole('COMPONENT', (message) => message.component)),
          text('TEXT', (message) => message.text),
        ],
        nothing: 'There is nothing to say.',
      },
      options,
    );
  });
}
