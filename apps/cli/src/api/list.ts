import type { ApiClient, Query } from '../connection/api.client.js';
import type { Output } from '../terminal/output.js';
import { printableJson } from '../terminal/printable.js';
import { TableLayout, type Column } from '../terminal/table.js';
import type { ListOptions } from '../options.js';

const PAGE = 500;
const DEFAULT_LIMIT = 200;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** The pages of a list, at most so many items in all. The last one says whether there is more. */
export async function* pages<T>(
  api: ApiClient,
  at: string,
  query: Query,
  limit = Infinity,
): AsyncGenerator<Page<T>> {
  let left = limit;
  for (let cursor: string | undefined; ;) {
    const page = await api.get<Page<T>>(at, { ...query, limit: Math.min(left, PAGE), cursor });
    yield page;
    left -= page.items.length;
    if (page.nextCursor === undefined || left <= 0) return;
    cursor = page.nextCursor;
  }
}

/** Everything of a list, up to a limit. */
export async function collect<T>(
  api: ApiClient,
  at: string,
  query: Query = {},
  limit = Infinity,
): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages<T>(api, at, query, limit)) items.push(...page.items);
  return items;
}

/** What a list shows. */
export interface Listing<T> {
  readonly path: string;
  readonly query?: Query;
  readonly columns: readonly Column<T>[];
  /** Said where there is nothing. */
  readonly nothing: string;
}

/** Shows a list page by page as it arrives, so that it may be of any length. */
export async function showList<T>(
  { api, out }: { readonly api: ApiClient; readonly out: Output },
  { path, query = {}, columns, nothing }: Listing<T>,
  options: ListOptions,
): Promise<void> {
  const asked = {
    ...query,
    filter: both(query['filter'] as string | undefined, options.filter),
    orderBy: options.orderBy,
  };
  const limit = limitOf(options);
  const writer = out.isJson ? new JsonWriter<T>(out) : new TableWriter(out, columns, nothing);
  let next: string | undefined;
  for await (const page of pages<T>(api, path, asked, limit)) {
    writer.page(page.items);
    next = page.nextCursor;
  }
  writer.end(next);
  if (next !== undefined) out.note('There is more: say --all, --limit N, or narrow it with --filter.');
}

/** How many are shown at most. */
export function limitOf({ all, limit }: ListOptions): number {
  return all === true ? Infinity : (limit ?? DEFAULT_LIMIT);
}

/** Both conditions, where there are two. */
export function both(one: string | undefined, other: string | undefined): string | undefined {
  return one === undefined || other === undefined ? (one ?? other) : `(${one}) and (${other})`;
}

/** The condition that a text is in one of some fields; none without a text. */
export function searching(text: string | undefined, fields: readonly string[]): string | undefined {
  return text === undefined
    ? undefined
    : fields.map((field) => `contains(${field},${quoted(text)})`).join(' or ');
}

/** A text as filters spell it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

class TableWriter<T> {
  readonly #layout: TableLayout<T>;
  #count = 0;

  constructor(
    private readonly out: Output,
    columns: readonly Column<T>[],
    private readonly nothing: string,
  ) {
    this.#layout = new TableLayout(columns, out.width);
  }

  page(rows: readonly T[]): void {
    if (rows.length === 0) return;
    this.#count += rows.length;
    for (const line of this.#layout.lines(rows, (text) => this.out.style('bold', text))) this.out.line(line);
  }

  end(): void {
    if (this.#count === 0) this.out.note(this.nothing);
  }
}

/** One document, written as it comes. */
class JsonWriter<T> {
  #before = '{"items":[';

  constructor(private readonly out: Output) {}

  page(rows: readonly T[]): void {
    for (const row of rows) {
      this.out.part(`${this.#before}\n${printableJson(row)}`);
      this.#before = ',';
    }
  }

  end(nextCursor: string | undefined): void {
    const rest = nextCursor === undefined ? '' : `,"nextCursor":${printableJson(nextCursor)}`;
    this.out.part(`${this.#before === ',' ? '' : this.#before}\n]${rest}}\n`);
  }
}
