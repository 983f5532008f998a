import { displayWidth, pad, printable, truncate } from './printable.js';

/** One column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | boolean | null | undefined;
  readonly align?: 'left' | 'right';
  /** May be cut where the terminal is narrow; ids and numbers are not. */
  readonly shrinks?: boolean;
  /** Left out where there is no room for it and what matters more. */
  readonly isMinor?: boolean;
}

/** A column that may be cut. */
export function text<T>(title: string, value: Column<T>['value']): Column<T> {
  return { title, value, shrinks: true };
}

/** A column that is shown whole. */
export function whole<T>(title: string, value: Column<T>['value']): Column<T> {
  return { title, value };
}

/** A column of numbers, shown whole. */
export function number<T>(title: string, value: Column<T>['value']): Column<T> {
  return { title, value, align: 'right' };
}

/** A column that is left out where the terminal is narrow. */
export function minor<T>(column: Column<T>): Column<T> {
  return { ...column, isMinor: true };
}

const GAP = 2;
/** Less of a text tells nothing. */
const READABLE = 16;
const LEAST = 6;

/** Text of one cell. */
export function cell(value: ReturnType<Column<unknown>['value']>): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return printable(String(value));
}

interface Layout<T> {
  readonly columns: readonly Column<T>[];
  readonly widths: readonly number[];
}

/** Lays out a table that arrives in parts: the first part decides which columns there are, and how wide. */
export class TableLayout<T> {
  #layout: Layout<T> | undefined;

  /** @param width of the terminal; undefined where nobody looks: nothing is cut or left out then */
  constructor(
    private readonly columns: readonly Column<T>[],
    private readonly width: number | undefined,
  ) {}

  /** The lines of some rows; the first time, the header before them. */
  lines(rows: readonly T[], style: (header: string) => string = (header) => header): string[] {
    const isFirst = this.#layout === undefined;
    const layout = (this.#layout ??= this.#fit(rows));
    const lines = rows.map((row) =>
      this.#line(
        layout.columns.map(({ value }) => cell(value(row))),
        layout,
      ),
    );
    if (!isFirst) return lines;
    const titles = layout.columns.map(({ title }) => title);
    return [style(this.#line(titles, layout)), ...lines];
  }

  #line(cells: readonly string[], { columns, widths }: Layout<T>): string {
    const padded = cells.map((value, index) => {
      const width = widths[index] ?? 0;
      const { align, shrinks } = columns[index] ?? {};
      const fitting = this.width !== undefined && shrinks === true ? truncate(value, width) : value;
      return pad(fitting, width, align);
    });
    return padded.join(' '.repeat(GAP)).trimEnd();
  }

  #fit(rows: readonly T[]): Layout<T> {
    const wanted = new Map(
      this.columns.map((column) => [
        column,
        rows.reduce(
          (most, row) => Math.max(most, displayWidth(cell(column.value(row)))),
          displayWidth(column.title),
        ),
      ]),
    );
    const widthsOf = (columns: readonly Column<T>[]): number[] =>
      columns.map((column) => wanted.get(column) ?? 0);
    if (this.width === undefined) return { columns: this.columns, widths: widthsOf(this.columns) };
    const columns = withRoom(this.columns, wanted, this.width);
    const room = this.width - GAP * (columns.length - 1);
    const mayShrink = columns.map(({ shrinks }) => shrinks === true);
    return { columns, widths: shrink(widthsOf(columns), mayShrink, room) };
  }
}

/** The columns without as many minor ones, from the last, as there is no room for. */
function withRoom<T>(
  all: readonly Column<T>[],
  wanted: ReadonlyMap<Column<T>, number>,
  width: number,
): readonly Column<T>[] {
  let columns = all;
  const least = (column: Column<T>): number =>
    Math.min(wanted.get(column) ?? 0, column.shrinks === true ? READABLE : Infinity);
  const needed = (): number => columns.reduce((sum, column) => sum + least(column) + GAP, -GAP);
  for (;;) {
    const last = columns.findLast(({ isMinor }) => isMinor === true);
    if (last === undefined || needed() <= width) return columns;
    columns = columns.filter((column) => column !== last);
  }
}

/** Takes from the widest column that may shrink until all fit, or none can shrink any more. */
function shrink(wanted: readonly number[], mayShrink: readonly boolean[], room: number): readonly number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = widths.reduce(
      (best, width, index) =>
        mayShrink[index] === true && width > LEAST && width > (widths[best] ?? 0) ? index : best,
      widths.length,
    );
    if (widest === widths.length) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}
