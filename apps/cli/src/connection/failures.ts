import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import { ApiError } from './api.error.js';
import { Dialer, PinError } from './dialer.js';

const unavailable = (message: string, mend: string, cause: unknown): CliError =>
  new CliError(message, exitCodes.unavailable, mend, { cause });

/** What a connection is ended with over which nothing moves any more. */
export const silence = (): Error => Object.assign(new Error('silence'), { code: 'ETIMEDOUT' });

/** Colons make a long number comparable by eye. */
export function spelledFingerprint(hex: string): string {
  return (hex.toUpperCase().match(/../g) ?? []).join(':');
}

/** Whether the same may be done again in a while. Whom one does not trust is not asked again. */
export function mayPass(failure: CliError): boolean {
  if (failure instanceof ApiError) return failure.exitCode === exitCodes.unavailable;
  const code = failure.cause instanceof Error && 'code' in failure.cause ? String(failure.cause.code) : '';
  return /^E[A-Z]+$/.test(code) && code !== 'EPROTO';
}

/** Why the server was not reached, in words, with what to do; never from the words of Node alone. */
export async function connectionFailure(
  error: unknown,
  { url, caFile }: { readonly url: string; readonly caFile?: string },
): Promise<CliError> {
  if (error instanceof CliError) return error;
  const { host, hostname } = new URL(url);
  const failure = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in failure ? String(failure.code) : '';
  if (failure instanceof PinError)
    return unavailable(
      `${host} shows another certificate than the pinned one.`,
      `It shows ${spelledFingerprint(failure.fingerprint)}.\nIf whoever runs the server says that it was renewed: espalier login --url ${url} --fingerprint <that number>. Otherwise somebody stands between: do not go on.`,
      error,
    );
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unavailable(
        `The name ${hostname} is not known.`,
        'Check the address, and whether you are in the right network (VPN).',
        error,
      );
    case 'ECONNREFUSED':
      return unavailable(
        `Nothing listens at ${host}.`,
        'Check the port (8760 unless changed), and whether config-proxy runs.',
        error,
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return unavailable(
        `${host} does not answer.`,
        'Check the network, VPN and firewalls on the way to it.',
        error,
      );
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return unavailable(
        code === 'CERT_HAS_EXPIRED'
          ? `The certificate of ${host} has expired.`
          : `The certificate of ${host} is not valid yet.`,
        'Check the date of this machine; if it is right, the certificate of the server must be renewed.',
        error,
      );
    case 'ERR_INVALID_CHAR':
    case 'ERR_INVALID_HTTP_TOKEN':
      return new CliError(
        `This cannot be sent: ${failure.message}.`,
        exitCodes.usage,
        'A reason is one line; a token, a key and a header are one line of ASCII.',
        { cause: error },
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return unavailable(
        `The certificate of the server is not for ${hostname}.`,
        `Use a name that is in it: ${namesIn(failure)}`,
        error,
      );
    default:
  }
  if (/^(?:EPROTO|ERR_SSL_)/.test(code))
    return unavailable(
      `${host} does not speak TLS.`,
      'Check the port: 8760 is the console door, 8761 is not.',
      error,
    );
  if (/SELF_SIGNED|UNABLE_TO_|INVALID_CA|CERT_/.test(code)) return notTrusted(url, caFile, error);
  if (['ECONNRESET', 'EPIPE'].includes(code))
    return unavailable(
      `${host} broke the connection off.`,
      'Try again; if it persists, look at the log of config-proxy.',
      error,
    );
  return unavailable(`${host} cannot be reached: ${failure.message}`, 'espalier doctor tells more.', error);
}

async function notTrusted(url: string, caFile: string | undefined, cause: unknown): Promise<CliError> {
  const { host } = new URL(url);
  const shown = await Dialer.shownBy(url);
  const unknownTo = caFile === undefined ? 'this machine does not know' : `is not the one in ${caFile}`;
  const pin =
    shown === undefined
      ? ''
      : `\nOr pin this certificate, once whoever runs the server has confirmed its number to you:\n  espalier login --url ${url} --fingerprint ${spelledFingerprint(shown.fingerprint)}`;
  return unavailable(
    `The certificate of ${host} is not trusted${shown === undefined ? '' : `: it was issued by "${shown.issuer}", which ${unknownTo}`}.`,
    `Get the certificate of that authority and name it:\n  espalier login --url ${url} --ca-file ca.pem${pin}`,
    cause,
  );
}

function namesIn(error: Error): string {
  const names = 'cert' in error ? (error.cert as { subjectaltname?: string }).subjectaltname : undefined;
  return (names ?? 'none').replaceAll(/(?:DNS|IP Address):/g, '');
}
