/** What can go wrong with a command. `cut` breaks the connection in the middle of sending its result. */
export type CommandFault = 'not-now' | 'error' | 'command-format-error' | 'garbage' | 'cut';

/** How likely what is, from 0 to 1, and how slow devices are. All are 0 unless set. */
export interface FaultSettings {
  /** The device is busy: the command stays, and the device asks again by itself after `notNowRecheckMs`. */
  readonly notNow: number;
  readonly error: number;
  readonly commandFormatError: number;
  /** A report that is no property list. */
  readonly garbage: number;
  /** A result is sent half, then whole on another connection. */
  readonly cut: number;
  /** Wait between carrying out a command and reporting it. */
  readonly answerDelayMs: number;
  /** Default 15 s. */
  readonly notNowRecheckMs: number;
  /** Profiles that the user removes as root whenever they are there; `*` stands for any characters. */
  readonly resistProfiles: readonly string[];
  /** Profiles that cannot be installed. */
  readonly failProfiles: readonly string[];
  /** Declarations that are switched off on the device whenever they are active. */
  readonly resistDeclarations: readonly string[];
}

/** A fault for particular commands; it comes before any chance. */
export interface FaultRule {
  readonly fault: CommandFault;
  /** Default: any device. */
  readonly serial?: string;
  /** Default: any request type. */
  readonly requestType?: string;
  readonly commandUuid?: string;
  /** How many commands. Default 1. */
  readonly count?: number | 'always';
}

const none: FaultSettings = {
  notNow: 0,
  error: 0,
  commandFormatError: 0,
  garbage: 0,
  cut: 0,
  answerDelayMs: 0,
  notNowRecheckMs: 15_000,
  resistProfiles: [],
  failProfiles: [],
  resistDeclarations: [],
};

/** The faults of a fleet; to be changed at any time. */
export class DeviceFaults {
  #settings: FaultSettings;
  readonly #rules = new Set<{ readonly rule: FaultRule; left: number }>();

  constructor(
    settings: Partial<FaultSettings>,
    private readonly random: () => number,
  ) {
    this.#settings = checked({ ...none, ...settings });
  }

  get settings(): FaultSettings {
    return this.#settings;
  }

  /** Changes some settings. @throws RangeError for chances outside 0 to 1, or above 1 together */
  set(settings: Partial<FaultSettings>): void {
    this.#settings = checked({ ...this.#settings, ...settings });
  }

  /** Adds a rule. Returns what takes it away. */
  inject(rule: FaultRule): () => void {
    const { count = 1 } = rule;
    const entry = { rule, left: count === 'always' ? Infinity : count };
    this.#rules.add(entry);
    return () => void this.#rules.delete(entry);
  }

  /** Whether the user does not want a profile. */
  resists(identifier: string): boolean {
    return matchesAny(identifier, this.#settings.resistProfiles);
  }

  /** Whether InstallProfile fails for a profile. */
  failsProfile(identifier: string): boolean {
    return matchesAny(identifier, this.#settings.failProfiles);
  }

  /** Whether a declaration is switched off on the device. */
  resistsDeclaration(identifier: string): boolean {
    return matchesAny(identifier, this.#settings.resistDeclarations);
  }

  /** Draws the fault of one command. */
  take(
    serial: string,
    command: { readonly commandUuid: string; readonly requestType: string },
  ): CommandFault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.serial !== undefined && rule.serial !== serial) continue;
      if (rule.requestType !== undefined && rule.requestType !== command.requestType) continue;
      if (rule.commandUuid !== undefined && rule.commandUuid !== command.commandUuid) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#rules.delete(entry);
      return rule.fault;
    }
    return this.#draw();
  }

  #draw(): CommandFault | undefined {
    let left = this.random();
    for (const [fault, chance] of chances(this.#settings)) {
      if (left < chance) return fault;
      left -= chance;
    }
    return undefined;
  }
}

function chances(settings: FaultSettings): readonly (readonly [CommandFault, number])[] {
  return [
    ['not-now', settings.notNow],
    ['error', settings.error],
    ['command-format-error', settings.commandFormatError],
    ['garbage', settings.garbage],
    ['cut', settings.cut],
  ];
}

function checked(settings: FaultSettings): FaultSettings {
  const all = chances(settings).map(([, chance]) => chance);
  const sum = all.reduce((total, chance) => total + chance, 0);
  if (all.some((chance) => !(chance >= 0)) || sum > 1 + Number.EPSILON)
    throw new RangeError('The chances of faults must be from 0 to 1, all together too.');
  if (!(settings.answerDelayMs >= 0) || !(settings.notNowRecheckMs >= 0))
    throw new RangeError('Times must not be negative.');
  return settings;
}

/** `*` in a pattern stands for any characters; all else for itself, as identifiers are compared. */
function matchesAny(identifier: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(identifier, pattern.split('*')));
}

/** Without a regular expression: a pattern of many stars must not take for ever. */
function matches(text: string, [first = '', ...rest]: readonly string[]): boolean {
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
