import type { CliError } from '../cli.error.js';
import { terminalWidth, type World } from '../world.js';
import { displayWidth, pad, printable, printableJson, printableLines } from './printable.js';
import { cell, TableLayout, type Column } from './table.js';

/** One line of a record: what it is, and its value. */
export type Field = readonly [label: string, value: string | number | boolean | null | undefined];

const styles = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' } as const;
export type Style = keyof typeof styles;

/** Shows results on standard output, and what is said about them on standard error. */
export class Output {
  /** @param isJson one JSON document, or one JSON line for each item of a stream */
  constructor(
    private readonly world: World,
    readonly isJson: boolean,
    private readonly mayColour: boolean,
  ) {}

  /** Width that tables must keep to; undefined where no person looks. */
  get width(): number | undefined {
    const { stdout } = this.world;
    return stdout.isTTY === true ? terminalWidth(stdout) : undefined;
  }

  style(style: Style, text: string): string {
    return this.mayColour ? `\u001B[${styles[style]}m${text}\u001B[0m` : text;
  }

  /** A line as it is: what comes from elsewhere is made printable before it is styled. */
  line(text: string): void {
    this.world.stdout.write(`${text}\n`);
  }

  /** A sentence, which may name what comes from elsewhere. */
  say(text: string): void {
    this.line(printable(text));
  }

  /** Text of several lines that comes from elsewhere. */
  foreign(text: string): void {
    this.line(printableLines(text).trimEnd());
  }

  /** A part of a document that is written as it comes. */
  part(text: string): void {
    this.world.stdout.write(text);
  }

  /** Bytes as they were asked for. */
  bytes(bytes: Buffer): void {
    this.world.stdout.write(bytes);
  }

  json(value: unknown): void {
    this.line(printableJson(value, 2));
  }

  jsonLine(value: unknown): void {
    this.line(printableJson(value));
  }

  /** Said to people about the result; never part of it. */
  note(text: string): void {
    this.world.stderr.write(`${printableLines(text)}\n`);
  }

  /** The result of a command: the document for programs, or something for people. */
  result(document: unknown, forPeople: () => void): void {
    if (this.isJson) this.json(document);
    else forPeople();
  }

  /** A table of everything at once. */
  table<T>(rows: readonly T[], columns: readonly Column<T>[]): void {
    const layout = new TableLayout(columns, this.width);
    for (const line of layout.lines(rows, (text) => this.style('bold', text))) this.line(line);
  }

  /** Labels and values, one a line. */
  record(fields: readonly Field[]): void {
    const width = Math.max(...fields.map(([label]) => displayWidth(label)));
    for (const [label, value] of fields) this.line(`${this.style('dim', pad(label, width))}  ${cell(value)}`);
  }

  heading(text: string): void {
    this.line(`\n${this.style('bold', printable(text))}`);
  }

  /** Why it went wrong. Always on standard error, so that a result is never mistaken for one. */
  failure(error: CliError): void {
    const { stderr } = this.world;
    if (this.isJson) {
      stderr.write(`${printableJson({ error: error.toJson() })}\n`);
      return;
    }
    stderr.write(`espalier: ${printableLines(error.message)}\n`);
    if (error.mend === undefined) return;
    for (const line of printableLines(error.mend).split('\n')) stderr.write(`  ${line}\n`);
  }
}
