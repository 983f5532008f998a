import type { ErrorBody } from '@espalier/contracts';
import { CliError } from '../cli.error.js';
import { exitCodeOfStatus } from '../exit-codes.js';

const NOT_SIGNED_IN = 'Sign in: espalier login';
/** The advice of these says what to do: signing in anew changes nothing. */
const NOT_BY_TOKEN = /^ESP_SIGN_IN_(?:KERBEROS|NEGOTIATE|CERTIFICATE)/;
const ADD_IDENTITY = 'They do it with: espalier administrators add-identity NAME IDENTITY';

/** An answer of the server that is no success. */
export class ApiError extends CliError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly body: Partial<ErrorBody>,
    /** Milliseconds that the server asks to be left alone. */
    readonly retryAfterMs?: number,
  ) {
    super(messageOf(status, body), exitCodeOfStatus(status), mendOf(status, body));
  }

  override toJson(): Readonly<Record<string, unknown>> {
    return { ...super.toJson(), status: this.status, ...this.body };
  }
}

function messageOf(status: number, { title, detail, fields = {} }: Partial<ErrorBody>): string {
  // The detail often tells of the fields already.
  const said = Object.entries(fields).flatMap(([field, what]) =>
    detail?.includes(what) === true ? [] : [`${field} ${what}.`],
  );
  const parts = [title ?? `The server answered ${status}.`, detail, ...said];
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

function mendOf(status: number, { mend, errorId, code }: Partial<ErrorBody>): string | undefined {
  const parts = [
    code === 'ESP_APPROVAL_REASON_MISSING' ? 'Say why, in 5 to 500 characters: --reason "…"' : mend,
    errorId !== undefined && `In the logs of the server it is ${errorId}.`,
    status === 401 && !NOT_BY_TOKEN.test(code ?? '') && NOT_SIGNED_IN,
    code === 'ESP_AUTH_NOT_AN_ADMINISTRATOR' && ADD_IDENTITY,
    code === 'ESP_AUTH_SCOPE_MISSING' && 'espalier whoami shows what your token may do.',
  ].filter((part) => typeof part === 'string');
  return parts.length === 0 ? undefined : parts.join('\n');
}

/** Reads `application/problem+json`; anything else becomes a title. */
export function parseErrorBody(text: string): Partial<ErrorBody> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'title' in value) return value as Partial<ErrorBody>;
  } catch {
    // What stands before the server, such as a load balancer, answers in words of its own.
  }
  return {};
}
