import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@espalier/contracts';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { Progress } from '../terminal/progress.js';
import { showDuration, showTime } from '../terminal/times.js';

const FIRST_POLL_MS = 250;
const LONGEST_POLL_MS = 2_000;

/** Whether to wait for the end of a job. */
export interface WaitOptions {
  readonly wait?: boolean;
}

export function addWaitOption(command: Command): Command {
  return command.option('-w, --wait', 'wait until it is done, showing how far it is');
}

/** How far a job is, in one line. */
export function progressOf({ title, state, done, failed, total }: Job): string {
  const share = total === null || total === 0 ? '' : ` (${Math.floor((done / total) * 100)} %)`;
  const failures = failed === 0 ? '' : `, ${failed} failed`;
  return `${title}: ${state}, ${done}${total === null ? '' : ` of ${total}`}${share}${failures}`;
}

/** Shows how far a job is until it is over. */
export async function watchJob(cli: Cli, id: string): Promise<Job> {
  const progress = new Progress(cli.world);
  try {
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.5, LONGEST_POLL_MS)) {
      const job = await cli.api.get<Job>(path`/api/v1/jobs/${id}`);
      if (job.finishedAt !== null) return job;
      progress.show(progressOf(job));
      await pause(wait);
    }
  } finally {
    progress.end();
  }
}

/** The result of what became a job: the job as it is now or, where that is wanted, at its end. */
export async function finishJob(cli: Cli, started: Job, { wait }: WaitOptions): Promise<void> {
  const job = wait === true ? await watchJob(cli, started.id) : started;
  showJob(cli, job);
  if (wait === true) cli.exitCode = exitCodeOfJob(job);
  if (wait !== true && job.finishedAt === null)
    cli.out.note(`See how far it is: espalier jobs watch ${job.id}`);
}

/** Shows a job. */
export function showJob({ out }: Cli, job: Job): void {
  out.result(job, () => {
    out.record([
      ['Job', job.id],
      ['What', job.title],
      ['State', job.state],
      ['Done', `${job.done}${job.total === null ? '' : ` of ${job.total}`}`],
      ['Failed', job.failed],
      ['Begun by', job.createdBy],
      ['Asked for', showTime(job.createdAt)],
      [
        'Took',
        job.startedAt === null || job.finishedAt === null
          ? null
          : showDuration(job.finishedAt - job.startedAt),
      ],
    ]);
    for (const message of job.messages) out.say(`  ${message}`);
  });
}

/** What the process ends with after a job was waited for. */
export function exitCodeOfJob({ state, failed }: Job): 0 | 1 {
  return state === 'failed' || state === 'cancelled' || failed > 0 ? exitCodes.failed : exitCodes.ok;
}
