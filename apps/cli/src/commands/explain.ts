import type { ExplainAnswer, Explanation, ExplainLink, ExplainLinkState } from '@espalier/contracts';
import type { Command } from 'commander';
import { findDeployment, findDevice, findThing } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli.error.js';
import type { Query } from '../connection/api.client.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import type { Output, Style } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { showTime } from '../terminal/times.js';
import { about } from './define.js';

const marks: Readonly<Record<ExplainLinkState, readonly [mark: string, style: Style]>> = {
  ok: ['✓', 'green'],
  waiting: ['…', 'yellow'],
  missing: ['✗', 'red'],
  failed: ['✗', 'red'],
  lost: ['!', 'red'],
};
const NAME_WIDTH = 12;

/** `espalier explain`. */
export function explain(command: Command, cli: Cli): void {
  about(command, {
    summary: 'why a device has (not) got something',
    description:
      'Why a device has (not) got something: the chain from the collection to the device, each link with its time and who caused it, and what would mend the one that is missing. Without a thing: all deployments that touch the device.',
    example: 'espalier explain mac-042 "Security baseline"',
  })
    .argument('<device>', 'resource id, name or serial number')
    .argument('[thing]', 'id or name of a thing or of a deployment')
    .action(async (deviceName: string, thingName?: string) => {
      const { api, out } = cli;
      const [{ resourceId }, question] = await Promise.all([
        findDevice(api, deviceName),
        thingName === undefined ? {} : findQuestion(cli, thingName),
      ]);
      const answer = await api.get<ExplainAnswer>(path`/api/v1/devices/${resourceId}/explain`, question);
      out.result(answer, () => showAnswer(out, answer));
    });
}

/** What is named: a thing or, where there is none, a deployment. */
async function findQuestion({ api }: Cli, name: string): Promise<Query> {
  try {
    return { thing: (await findThing(api, name)).thingId };
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.notFound) throw error;
  }
  try {
    return { deployment: (await findDeployment(api, name)).id };
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.notFound) throw error;
    throw new CliError(
      `There is neither a thing nor a deployment ${name}.`,
      exitCodes.notFound,
      'See what there is: espalier deployments list',
    );
  }
}

function showAnswer(out: Output, answer: ExplainAnswer): void {
  out.line(
    `${out.style('bold', printable(answer.name))} (${answer.resourceId}): ${printable(answer.answer)}`,
  );
  for (const explanation of answer.explanations) showExplanation(out, explanation, answer.answer);
  if (answer.truncated) out.note('There are more deployments: name a thing to see one of them.');
}

function showExplanation(
  out: Output,
  { thingName, deploymentName, deploymentId, answer, chain }: Explanation,
  said: string,
): void {
  out.heading(thingName);
  out.line(out.style('dim', printable(`deployment "${deploymentName}", ${deploymentId}`)));
  if (answer !== said) out.say(answer);
  for (const link of chain) showLink(out, link);
}

function showLink(out: Output, { link, state, at, by, text, mend }: ExplainLink): void {
  const [mark, style] = marks[state];
  const when = (showTime(at) ?? '').padEnd(16);
  const who = by === null || text.includes(by) ? '' : out.style('dim', ` (${printable(by)})`);
  const indent = ' '.repeat(2 + 2 + NAME_WIDTH + 1);
  out.line(
    `  ${out.style(style, mark)} ${link.padEnd(NAME_WIDTH)} ${out.style('dim', when)}  ${printable(text)}${who}`,
  );
  if (mend !== undefined) out.line(`${indent}${out.style('yellow', '→')} ${printable(mend)}`);
}
