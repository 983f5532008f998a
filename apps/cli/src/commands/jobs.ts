import type { Job } from '@espalier/contracts';
import type { Command } from 'commander';
import { showList } from '../api/list.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { exitCodeOfJob, showJob, watchJob } from './job.watch.js';

/** `espalier jobs`. */
export function jobs(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'list jobs, newest first',
      example: `espalier jobs list --filter "state eq 'running'"`,
    }),
    "state eq 'running'",
  ).action((options: ListOptions) =>
    showList<Job>(
      cli,
      {
        path: '/api/v1/jobs',
        columns: [
          whole('ID', ({ id }) => id),
          text('WHAT', ({ title }) => title),
          whole('STATE', ({ state }) => state),
          number('DONE', ({ done }) => done),
          number('OF', ({ total }) => total),
          minor(number('FAILED', ({ failed }) => failed)),
          minor(text('BY', ({ createdBy }) => createdBy)),
          minor(whole('SINCE', ({ createdAt }) => showTime(createdAt))),
        ],
        nothing: 'There are no jobs.',
      },
      options,
    ),
  );

  subcommand(command, 'show <id>', {
    summary: 'see how far a job is',
    example: 'espalier jobs show 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => showJob(cli, await cli.api.get<Job>(path`/api/v1/jobs/${id}`)));

  subcommand(command, 'watch <id>', {
    summary: 'wait until a job is done, showing how far it is',
    description:
      'Wait until a job is done, showing how far it is. Ends with 1 where it failed or was stopped.',
    example: 'espalier jobs watch 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => {
    const job = await watchJob(cli, id);
    showJob(cli, job);
    cli.exitCode = exitCodeOfJob(job);
  });

  subcommand(command, 'cancel <id>', {
    summary: 'stop a job; what it has done stays done',
    example: 'espalier jobs cancel 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => showJob(cli, await cli.api.post<Job>(path`/api/v1/jobs/${id}/cancel`)));
}
