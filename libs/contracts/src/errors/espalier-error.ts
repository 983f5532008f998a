/** How loudly an error is logged where it is mapped to an answer. */
export type ErrorLevel = 'debug' | 'info' | 'warn' | 'error';

/** What is known of an error before it happens: one entry of a domain's error table. */
export interface ErrorDefinition {
  /** HTTP status at any HTTP edge. Never 401 on a device route. */
  readonly status: number;
  readonly level: ErrorLevel;
  /** One sentence that names what is wrong. */
  readonly title: string;
  /** One sentence that says how to mend it; shown to the caller. */
  readonly mend?: string;
  /** True where the same request may succeed later without a change. */
  readonly retryable?: boolean;
}

/** An error as it crosses a process boundary (NATS reply, problem+json). */
export interface ErrorBody {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly mend?: string;
  readonly retryable?: boolean;
  readonly fields?: Readonly<Record<string, string>>;
  /** Correlates an internal error with the log line that has its cause. */
  readonly errorId?: string;
}

export interface ErrorOptions {
  /** What is wrong in this very case, for the caller. Never a secret. */
  readonly detail?: string;
  /** Field or variable name to what is wrong with it. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The technical cause: logged, never shown. */
  readonly cause?: unknown;
}

/** The only error type that services throw on purpose. `code` is stable and documented in docs/errors.md. */
export class EspalierError extends Error {
  override readonly name = 'EspalierError';
  readonly status: number;
  readonly level: ErrorLevel;
  readonly title: string;
  readonly mend: string | undefined;
  readonly retryable: boolean;
  readonly detail: string | undefined;
  readonly fields: Readonly<Record<string, string>> | undefined;

  constructor(
    readonly code: string,
    definition: ErrorDefinition,
    options: ErrorOptions = {},
  ) {
    super(options.detail === undefined ? definition.title : `${definition.title} ${options.detail}`, {
      cause: options.cause,
    });
    this.status = definition.status;
    this.level = definition.level;
    this.title = definition.title;
    this.mend = definition.mend;
    this.retryable = definition.retryable ?? false;
    this.detail = options.detail;
    this.fields = options.fields;
  }

  /** The error as a caller may see it: no cause, no stack. */
  toBody(): ErrorBody {
    return {
      code: this.code,
      status: this.status,
      title: this.title,
      ...(this.detail !== undefined && { detail: this.detail }),
      ...(this.mend !== undefined && { mend: this.mend }),
      ...(this.retryable && { retryable: true }),
      ...(this.fields !== undefined && { fields: this.fields }),
    };
  }

  /** The error that another service answered with. */
  static fromBody(body: ErrorBody, cause?: unknown): EspalierError {
    const { code, status, title, detail, mend, retryable, fields } = body;
    return new EspalierError(
      code,
      {
        status,
        title,
        level: 'debug',
        ...(mend !== undefined && { mend }),
        ...(retryable !== undefined && { retryable }),
      },
      { ...(detail !== undefined && { detail }), ...(fields !== undefined && { fields }), cause },
    );
  }
}

type Raise<T> = { readonly [K in keyof T]: (options?: ErrorOptions) => EspalierError };

/**
 * Turns a table of definitions (code to definition) into functions that make the error:
 * `throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: udid })`.
 */
export function defineErrors<const T extends Readonly<Record<`ESP_${string}`, ErrorDefinition>>>(
  definitions: T,
): Raise<T> & { readonly definitions: T } {
  const raise = Object.fromEntries(
    Object.entries(definitions).map(([code, definition]) => [
      code,
      (options?: ErrorOptions) => new EspalierError(code, definition, options),
    ]),
  );
  return Object.assign(raise as Raise<T>, { definitions });
}

/** True for any EspalierError, also one from another copy of this module. */
export function isEspalierError(error: unknown): error is EspalierError {
  return error instanceof Error && error.name === 'EspalierError' && 'code' in error;
}
