import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util';
import { UsageError } from './usage.error.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const common = { state: text, json: flag } as const;
const online = {
  ...common,
  apple: text,
  'apple-ca': text,
  ca: text,
  identity: text,
  connections: text,
  'share-connections': flag,
  applications: text,
  concurrency: text,
  'key-pool': text,
  'not-now': text,
  error: text,
  'format-error': text,
  garbage: text,
  cut: text,
  'answer-delay-ms': text,
  resist: { type: 'string', multiple: true },
  'fail-profile': { type: 'string', multiple: true },
  'resist-declaration': { type: 'string', multiple: true },
  user: text,
} as const;

const optionsOf = {
  enroll: { ...online, url: text, profile: text, count: text, platform: text, again: flag, stay: flag },
  run: online,
  status: common,
  tell: common,
  checkout: { ...online, serial: { type: 'string', multiple: true } },
} as const satisfies Record<string, Record<string, ParseArgsOptionDescriptor>>;

export type CommandName = keyof typeof optionsOf;

/** A command with its options as given; {@link Values} reads them. */
export interface Invocation {
  readonly command: CommandName;
  readonly values: Values;
  /** What stands without an option: only `tell` takes that. */
  readonly words: readonly string[];
}

/** @throws UsageError */
export function parseInvocation(args: readonly string[]): Invocation {
  const [command, ...rest] = args;
  if (command === undefined || !isCommand(command))
    throw new UsageError(
      `There is no command ${command ?? '(none given)'}: enroll, run, tell, status or checkout.`,
    );
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: optionsOf[command],
      strict: true,
      allowPositionals: command === 'tell',
    });
    return { command, values: new Values(values), words: positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(optionsOf, name);
}

/** Checked access to options. Everything throws UsageError naming the option. */
export class Values {
  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError(`--${name} is missing.`);
    return value;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  list(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** As {@link list}, each of them an identifier in which `*` stands for any characters. */
  patterns(name: string): readonly string[] {
    const patterns = this.list(name);
    if (patterns.some((pattern) => pattern.trim() === '')) throw new UsageError(`--${name} is empty.`);
    return patterns;
  }

  count(name: string, fallback: number, least = 1): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    if (!/^\d{1,7}$/.test(value) || Number(value) < least)
      throw new UsageError(`--${name} must be a whole number from ${least}.`);
    return Number(value);
  }

  chance(name: string): number {
    const value = Number(this.text(name) ?? 0);
    if (!(value >= 0 && value <= 1)) throw new UsageError(`--${name} must be from 0 to 1.`);
    return value;
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new UsageError(`--${name} must be one of ${choices.join(', ')}.`);
    return found;
  }

  url(name: string, value = this.required(name)): string {
    const url = URL.parse(value);
    if (url === null || !['http:', 'https:'].includes(url.protocol))
      throw new UsageError(`--${name} must be an http or https URL.`);
    return value;
  }
}
