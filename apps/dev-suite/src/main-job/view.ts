import type { Enrollment } from '@espalier/contracts';
import type { SimEvent } from './device-sim.process.js';

/** Shows a person what happens, a line each; plain text where it is no terminal. */
export class View {
  readonly #write: (text: string) => void;
  readonly #colour: boolean;

  constructor(options: { readonly write: (text: string) => void; readonly colour: boolean }) {
    this.#write = options.write;
    this.#colour = options.colour;
  }

  /** Something that the suite does. */
  step(text: string): void {
    this.#line('36', '▸', text);
  }

  problem(text: string): void {
    this.#line('31', '✗', text);
  }

  text(text: string): void {
    this.#write(`${text}\n`);
  }

  /** Something that a simulated device did. */
  device(event: SimEvent): void {
    const said = describe(event);
    if (said === undefined) return;
    const { mark, colour, text } = said;
    this.#line(colour, mark, `${event.device.serial.padEnd(13)} ${text}`);
  }

  table(devices: readonly Enrollment[]): void {
    const rows = devices.map((device) => [
      device.serialNumber ?? '',
      device.deviceName ?? '',
      device.productName ?? device.model ?? '',
      device.osVersion ?? '',
      device.state,
    ]);
    const head = ['serial', 'name', 'model', 'OS', 'state'];
    const widths = head.map((title, column) =>
      Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
    );
    const line = (cells: readonly string[]): string =>
      cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    this.#write(`\n  ${this.#paint('1', line(head))}\n`);
    for (const row of rows) this.#write(`  ${line(row)}\n`);
  }

  #line(colour: string, mark: string, text: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.#write(`${this.#paint('2', time)} ${this.#paint(colour, mark)} ${text}\n`);
  }

  #paint(code: string, text: string): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

function describe(event: SimEvent): { mark: string; colour: string; text: string } | undefined {
  const { kind, requestType = '', status = '', message = '', reason = '' } = event;
  switch (kind) {
    case 'certified':
      return { mark: '·', colour: '34', text: 'got its identity by SCEP' };
    case 'enrolled':
      return { mark: '✓', colour: '32', text: `enrolled: ${event.device.name}` };
    case 'pushed':
      return { mark: '·', colour: '34', text: 'was woken by a push' };
    case 'result':
      return {
        mark: status === 'Acknowledged' ? '✓' : '!',
        colour: status === 'Acknowledged' ? '32' : '33',
        text: `${requestType}: ${status}`,
      };
    case 'removed':
      return { mark: '✗', colour: '33', text: `is not managed any more (${reason})` };
    case 'error':
    case 'warning':
      return { mark: '!', colour: '33', text: message };
    default:
      return undefined;
  }
}
