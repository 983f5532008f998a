import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { several } from '../options.js';
import { printable } from '../terminal/printable.js';
import { about } from './define.js';
import {
  checkClock,
  checkCollections,
  checkConnection,
  checkJobs,
  checkReadiness,
  checkServer,
  checkStatusMessages,
  checkToken,
  examine,
  marks,
  type Finding,
} from './doctor.checks.js';

/** `espalier doctor`. */
export function doctor(command: Command, cli: Cli): void {
  about(command, {
    summary: 'check the connection and the site, and what to mend',
    description:
      'Check the connection and the site, and say what to mend. Ends with 1 where something failed; warnings do not count.',
    example: 'espalier doctor',
    examples: ['espalier doctor --readyz http://127.0.0.1:9102'],
  })
    .option(
      '--readyz <url>',
      'management port of a service, where it can be reached from here; several times',
      several,
    )
    .action(async ({ readyz = [] }: { readonly readyz?: readonly string[] }) => {
      const findings: Finding[] = [];
      for await (const finding of diagnose(cli, readyz)) {
        findings.push(finding);
        if (!cli.out.isJson) show(cli, finding);
      }
      if (cli.out.isJson) cli.out.json({ findings });
      if (findings.some(({ state }) => state === 'failed')) cli.exitCode = exitCodes.failed;
    });
}

/** Goes from the outside inwards, and no further than it gets. */
async function* diagnose(cli: Cli, readyz: readonly string[]): AsyncGenerator<Finding> {
  const { api } = cli;
  const { now } = cli.world;
  const connection = await examine('connection', () => checkConnection(api, now()));
  yield connection;
  for (const url of readyz) yield await examine('readiness', () => checkReadiness(url));
  if (connection.state === 'failed') return;
  yield await examine('server', () => checkServer(api, now));
  yield await examine('clock', () => checkClock(api, now));
  const token = await examine('token', () => checkToken(api, now()));
  yield token;
  if (token.state === 'failed') return;
  yield await examine('collections', () => checkCollections(api, now()));
  yield await examine('jobs', () => checkJobs(api));
  yield await examine('messages', () => checkStatusMessages(api, now()));
}

function show({ out }: Cli, { check, state, text, mend }: Finding): void {
  const [mark, style] = marks[state];
  out.line(`${out.style(style, mark)} ${check.padEnd(11)} ${printable(text)}`);
  for (const line of mend?.split('\n') ?? [])
    out.line(`${' '.repeat(14)}${out.style('yellow', '→')} ${printable(line)}`);
}
