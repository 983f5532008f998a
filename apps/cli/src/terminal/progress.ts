import { terminalWidth, type World } from '../world.js';
import { printable, truncate } from './printable.js';

const CLEAR_LINE = '\r\u001B[2K';

/** One line on standard error that says how far long work is. Where nobody looks, only what changes is written. */
export class Progress {
  #last = '';
  #forget: (() => void) | undefined;

  constructor(private readonly world: World) {}

  show(text: string): void {
    const line = printable(text);
    if (line === this.#last) return;
    const { stderr } = this.world;
    this.#last = line;
    if (stderr.isTTY !== true) {
      stderr.write(`${line}\n`);
      return;
    }
    this.#forget ??= this.world.onEnd(() => stderr.write('\n'));
    stderr.write(`${CLEAR_LINE}${truncate(line, Math.max(20, terminalWidth(stderr) - 1))}`);
  }

  /** Takes the line away. */
  end(): void {
    this.#forget?.();
    if (this.#forget !== undefined) this.world.stderr.write(CLEAR_LINE);
    this.#forget = undefined;
  }
}
