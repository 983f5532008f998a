import { JsonBytes } from '@espalier/odata';
import type { Page } from '@espalier/persistence';
import type { ClassRow } from './class.model.js';
import type { JsonBody } from './door.js';

/** Where a page begins. */
export interface PageStart {
  readonly skip?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A page of a list: what stands around its rows, and how rows are read and written. */
export interface PagePlan {
  readonly head: string;
  /** What stands behind the last row. @param next cursor of the row after it; @param given how many rows there were */
  readonly end: (next: string | undefined, given: number) => string;
  /** Rows of the page, at least one. */
  readonly limit: number;
  readonly from: PageStart;
  readonly read: (from: PageStart, most: number) => Promise<Page<ClassRow>>;
  /** Writes rows with commas between them. */
  readonly write: (rows: readonly ClassRow[], out: JsonBytes) => Promise<void>;
}

/** Rows that are in memory at once. */
export const PART = 250;
/** Likely size of a row. */
const ROW_BYTES = 1_800;

/** A page as JSON: whole where it is short, in parts as fast as they are taken where it is long. */
export async function pageBody(plan: PagePlan): Promise<JsonBody> {
  const { limit } = plan;
  const first = await readPart(plan, plan.from, { opening: plan.head, most: Math.min(limit, PART) });
  return first.next === undefined || first.size >= limit
    ? first.out.json(plan.end(first.next, first.size)).toBuffer()
    : inParts(plan, first);
}

/** What stands in one part of a page. */
interface Part {
  readonly out: JsonBytes;
  /** Rows. */
  readonly size: number;
  readonly next?: string | undefined;
}

async function* inParts(plan: PagePlan, first: Part): AsyncGenerator<Buffer> {
  const { limit, end } = plan;
  let part = first;
  let given = part.size;
  while (part.next !== undefined && given < limit) {
    yield part.out.toBuffer();
    part = await readPart(plan, { cursor: part.next }, { opening: ',', most: Math.min(limit - given, PART) });
    given += part.size;
  }
  yield part.out.json(end(part.next, given)).toBuffer();
}

async function readPart(
  { read, write }: PagePlan,
  from: PageStart,
  { opening, most }: { readonly opening: string; readonly most: number },
): Promise<Part> {
  const { rows, next } = await read(from, most);
  const out = new JsonBytes(opening.length + rows.length * ROW_BYTES);
  // Rows may have gone since the part before: then no comma.
  if (rows.length > 0 || opening !== ',') out.json(opening);
  await write(rows, out);
  return { out, size: rows.length, next };
}
