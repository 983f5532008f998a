import { CliError, usageError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { World } from '../world.js';
import { printable } from './printable.js';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';

/** Everything that comes on standard input. */
export async function readStdin(world: World): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of world.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/**
 * A secret: asked for without echo, or the first line of standard input where that is no terminal.
 * @throws CliError where nothing is given
 */
export async function readSecret(world: World, question: string): Promise<string> {
  const { stdin } = world;
  const [first = ''] =
    stdin.isTTY === true
      ? [await typeUnseen(world, question)]
      : (await readStdin(world)).toString('utf8').split(/\r?\n/);
  const secret = first.trim();
  if (secret === '') throw usageError('Nothing was given.');
  return secret;
}

async function typeUnseen(world: World, question: string): Promise<string> {
  const { stdin, stderr } = world;
  // First this: what is typed, or pasted, before it would be echoed.
  stdin.setRawMode?.(true);
  stderr.write(question);
  const restore = (): void => void stdin.setRawMode?.(false);
  const forget = world.onEnd(restore);
  let typed = '';
  try {
    for await (const chunk of stdin)
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n' || key === CTRL_D) return typed;
        if (key === CTRL_C) throw new CliError('Interrupted.', exitCodes.interrupted);
        if (key === CTRL_U) typed = '';
        else if (key === '\u007F' || key === '\b') typed = typed.slice(0, -1);
        else if (key >= ' ') typed += key;
      }
    return typed;
  } finally {
    forget();
    restore();
    stderr.write('\n');
  }
}

/**
 * Asks before something that cannot be undone, unless `--yes` was given.
 * @throws CliError where the answer is no, or nobody is there to be asked
 */
export async function confirm(world: World, what: string, assumeYes: boolean): Promise<void> {
  if (assumeYes) return;
  if (world.stdin.isTTY !== true)
    throw usageError(
      `This needs to be confirmed: ${printable(what)}`,
      'Nobody can be asked here. Say --yes if it is meant.',
    );
  world.stderr.write(`${printable(what)} [y/N] `);
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: world.stdin as unknown as NodeJS.ReadableStream });
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.once('line', resolve);
  lines.once('close', () => resolve(''));
  const answer = await promise;
  lines.close();
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CliError('Nothing was done.');
}
