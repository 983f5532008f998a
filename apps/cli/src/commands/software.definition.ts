import type { Application } from '@espalier/contracts';
import type { Command } from 'commander';
import { readTextFile } from '../api/files.js';
import { findContent } from '../api/resolve.js';
import { uploadFile } from '../api/upload.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import type { Field } from '../terminal/output.js';

const BESIDE_DEFINITION = new Set(['definition', 'description', 'note']);

/** An application or package with its latest revision. */
export interface SoftwareDetail<D> {
  readonly item: Application;
  readonly latest: {
    readonly createdAt: number;
    readonly createdBy: string;
    readonly note: string;
    readonly definition: D;
  };
}

/** What both are made with; the rest is for their kind. */
export interface SoftwareOptions {
  readonly file?: string;
  readonly content?: string;
  readonly definition?: string;
  readonly description?: string;
  readonly publisher?: string;
  readonly softwareVersion?: string;
  readonly note?: string;
}

/** What is different between applications and packages. */
export interface SoftwareKind<D, O extends SoftwareOptions> {
  readonly kind: 'application' | 'package';
  /** As in `an application`. */
  readonly one: string;
  /** Name in examples. */
  readonly example: string;
  /** What follows in an example of create. */
  readonly creating: string;
  readonly addOptions: (command: Command) => Command;
  /**
   * The definition that options ask for.
   * @param before that of the latest revision, where a new one is to follow it
   * @param contentId of the file that was named, if one was
   * @throws CliError
   */
  readonly define: (options: O, contentId: string | undefined, before?: D) => D;
  readonly contentOf: (definition: D) => string | null;
  readonly fields: (definition: D) => readonly Field[];
  readonly showParts: (cli: Cli, definition: D) => void;
}

/** What options ask for, with the file that they name uploaded. @throws CliError */
export async function definitionOf<D extends object, O extends SoftwareOptions>(
  cli: Cli,
  { define }: SoftwareKind<D, O>,
  options: O,
  before?: D,
): Promise<D> {
  const { file, content, definition } = options;
  if (file !== undefined && content !== undefined) throw usageError('Say one of --file and --content.');
  if (definition !== undefined) {
    const other = Object.keys(options).find((name) => !BESIDE_DEFINITION.has(name));
    if (other !== undefined)
      throw usageError('With --definition everything but --description and --note stands in its file.');
    // The server says what is wrong with it.
    return readDefinition(definition) as D;
  }
  // First without a file: what is missing is said before anything is sent.
  define(options, before === undefined ? '' : undefined, before);
  const contentId =
    file !== undefined
      ? (await uploadFile(cli, file, {})).id
      : content === undefined
        ? undefined
        : (await findContent(cli.api, content)).id;
  return define(options, contentId, before);
}

function readDefinition(file: string): object {
  const text = readTextFile('The definition', file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null) throw usageError(`${file} holds no definition.`);
  return value;
}
