import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cli } from '../cli.js';
import { type CliError, usageError } from '../cli.error.js';
import { ApiError } from '../connection/api.error.js';
import { connectionFailure, mayPass } from '../connection/failures.js';
import { Progress } from '../terminal/progress.js';

/** So often in a row a transfer may break without a byte having arrived. */
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const SHOWN_EACH_MS = 500;

/** What a transfer knows of how far it is: `report` is told of each byte that went, from the start of the file. */
export interface Transfer {
  readonly what: string;
  readonly size: number;
  /** Where to go on; asked for anew after each break. */
  readonly offset: () => Promise<number>;
  /** Carries the rest, from an offset. */
  readonly carry: (offset: number, report: (bytes: number) => void) => Promise<void>;
}

/**
 * Carries a file, going on where it broke off as long as something arrives now and then.
 * @throws CliError where it does not, or where trying again would not help
 */
export async function transfer(cli: Cli, { what, size, offset: ask, carry }: Transfer): Promise<void> {
  const meter = new Meter(cli, what, size);
  let furthest = -1;
  try {
    for (let failures = 0; ;) {
      try {
        const offset = await ask();
        if (offset > furthest) failures = 0;
        furthest = Math.max(furthest, offset);
        meter.report(offset);
        if (offset < size) await carry(offset, (bytes) => meter.report(bytes));
        return;
      } catch (error) {
        const failure = await connectionFailure(error, cli.api.settings);
        failures += 1;
        if (!mayGoOn(failure) || failures > ATTEMPTS) throw failure;
        const wait = failure instanceof ApiError ? (failure.retryAfterMs ?? 0) : 0;
        const longest = Math.max(wait, Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
        meter.end();
        cli.out.note(`${failure.message} Going on in ${(longest / 1_000).toFixed(1)} s.`);
        await pause(longest);
      }
    }
  } finally {
    meter.end();
  }
}

/** After a break the server may still wait for the rest of the last part, or have got more than was thought. */
const GOES_ON = new Set([
  'ESP_CONTENT_OFFSET_WRONG',
  'ESP_CONTENT_UPLOAD_BUSY',
  'ESP_CONTENT_UPLOAD_BROKEN_OFF',
]);

const mayGoOn = (failure: CliError): boolean =>
  mayPass(failure) || (failure instanceof ApiError && GOES_ON.has(failure.body.code ?? ''));

/** SHA-256 of a file in hexadecimal, telling how far it is. @throws CliError where it cannot be read */
export async function hashFile(cli: Cli, file: string, size: number): Promise<string> {
  const meter = new Meter(cli, `${file}: reading`, size);
  const hash = createHash('sha256');
  let read = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1_024 * 1_024 })) {
      const bytes = chunk as Buffer;
      hash.update(bytes);
      read += bytes.length;
      meter.report(read);
    }
  } catch (error) {
    throw usageError(`The file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    meter.end();
  }
  return hash.digest('hex');
}

/** Says how far a transfer is, now and then. */
class Meter {
  readonly #progress: Progress;
  #shownAt = performance.now();

  constructor(
    cli: Cli,
    private readonly what: string,
    private readonly size: number,
  ) {
    this.#progress = new Progress(cli.world);
  }

  report(bytes: number): void {
    const now = performance.now();
    if (now - this.#shownAt < SHOWN_EACH_MS) return;
    this.#shownAt = now;
    const share = Math.floor((bytes / Math.max(this.size, 1)) * 100);
    this.#progress.show(`${this.what}, ${showSize(bytes)} of ${showSize(this.size)} (${share} %)`);
  }

  end(): void {
    this.#progress.end();
  }
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `12.3 MB`: as shops and disks count, by thousands. */
export function showSize(bytes: number): string {
  const power = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)), UNITS.length - 1);
  const amount = bytes / 1_000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${UNITS[power] ?? ''}`;
}
