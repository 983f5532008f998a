import type { Cli } from '../cli.js';

/** Something that is about to be deleted. */
export interface Deletion {
  readonly path: string;
  readonly id: string | number;
  /** Asked first: what would be lost. */
  readonly question: string;
  /** Said afterwards. */
  readonly done: string;
}

/** Deletes something once it is confirmed. @throws CliError where it is not */
export async function deleteConfirmed(cli: Cli, { path, id, question, done }: Deletion): Promise<void> {
  await cli.confirm(question);
  await cli.api.delete(path);
  cli.out.result({ deleted: id }, () => cli.out.say(done));
}
