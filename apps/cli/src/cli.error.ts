import { exitCodes, type ExitCode } from './exit-codes.js';

/** Why a command could not be carried out: said to people, with what would mend it. */
export class CliError extends Error {
  override readonly name: string = 'CliError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.failed,
    /** One or more sentences that say what to do; lines are kept. */
    readonly mend?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The error for programs: `--json`. */
  toJson(): Readonly<Record<string, unknown>> {
    return {
      message: this.message,
      exitCode: this.exitCode,
      ...(this.mend !== undefined && { mend: this.mend }),
    };
  }
}

/** The command line cannot be understood; the message says what to change. */
export function usageError(message: string, mend?: string): CliError {
  return new CliError(message, exitCodes.usage, mend);
}
