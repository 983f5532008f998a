import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Names that hold secrets wherever they turn up in a logged object (Apple's and ours). */
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'set-cookie',
  'mdm-signature',
  'pin',
  'PIN',
  'token',
  'Token',
  'pushMagic',
  'PushMagic',
  'pushToken',
  'unlockToken',
  'UnlockToken',
  'bootstrapToken',
  'BootstrapToken',
  'challenge',
  'Challenge',
  'challengePassword',
  'password',
  'Password',
  'privateKey',
  'secret',
] as const;

const quote = (name: string): string => `["${name}"]`;
const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => [quote(name), `*${quote(name)}`, `*.*${quote(name)}`]);
const CENSOR = '[redacted]';
/** Shorter values would blank out ordinary words. */
const MIN_SECRET_LENGTH = 8;

export interface LoggerOptions {
  readonly service: string;
  readonly replica: string;
  readonly level: string;
  /** Values that no line may contain, whatever the key they come under. */
  readonly secrets?: readonly string[];
  /** Where lines go; standard output unless a test wants to read them. */
  readonly destination?: DestinationStream;
}

function scrubber(secrets: readonly string[]): ((line: string) => string) | undefined {
  // A line is JSON, so a secret with quotes or line ends stands there escaped.
  const needles = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .map((secret) => JSON.stringify(secret).slice(1, -1));
  if (needles.length === 0) return undefined;
  return (line) => needles.reduce((text, needle) => text.replaceAll(needle, CENSOR), line);
}

/** JSON lines with `service`, `replica` and ISO time; redacted by key name and by the configuration's secrets. */
export function createLogger(options: LoggerOptions): Logger {
  const scrub = scrubber(options.secrets ?? []);
  return pino(
    {
      level: options.level,
      base: { service: options.service, replica: options.replica },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: CENSOR },
      ...(scrub !== undefined && { hooks: { streamWrite: scrub } }),
    },
    // Synchronous: a process that dies loses no line that says why.
    options.destination ?? destination({ fd: 1, sync: true }),
  );
}
