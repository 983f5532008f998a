import type { Script } from '@espalier/contracts';
import { CliError } from '../cli.error.js';
import type { ApiClient } from '../connection/api.client.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { printable } from '../terminal/printable.js';
import { collect, quoted } from './list.js';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const CANDIDATES = 20;

/** The script with this id or name. @throws CliError listing the candidates */
export async function findScript(api: ApiClient, asked: string): Promise<Script> {
  if (UUID.test(asked)) return api.get<Script>(path`/api/v1/scripts/${asked.toLowerCase()}`);
  const filter = `name eq ${quoted(asked)}`;
  const [one, ...others] = await collect<Script>(api, '/api/v1/scripts', { filter }, CANDIDATES);
  if (one === undefined)
    throw new CliError(
      `There is no script ${printable(asked)}.`,
      exitCodes.notFound,
      'See what there is: espalier scripts list',
    );
  if (others.length === 0) return one;
  const shown = [one, ...others].map(({ id, author }) => `  ${id}  by ${printable(author)}`);
  throw new CliError(
    `There are several scripts called ${printable(asked)}.`,
    exitCodes.conflict,
    ['Name one by its id:', ...shown].join('\n'),
  );
}
