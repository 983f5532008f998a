import {
  entityWriter,
  JsonBytes,
  type EntityOptions,
  type RowWriter,
  type Selection,
  type ServiceContext,
} from '@espalier/odata';
import type { AdminClass, ClassRow } from './class.model.js';

/** How rows of a list are written. */
export interface RowOptions extends Pick<EntityOptions, 'context' | 'route'> {
  readonly select: Selection | undefined;
}

/** Callers choose the name of the server that they ask. */
const WRITERS_KEPT = 200;

/** Writes rows of lists; the writers of whole objects are kept. */
export class RowWriters {
  readonly #whole = new Map<string, RowWriter<ClassRow>>();

  /** Commas between them. */
  write(
    entity: AdminClass,
    rows: readonly ClassRow[],
    { out, ...options }: RowOptions & { out: JsonBytes },
  ): void {
    const write = this.#writerOf(entity, options);
    let isFirst = true;
    for (const row of rows) {
      if (!isFirst) out.raw(COMMA);
      isFirst = false;
      write(withServer(row, options.context), out);
    }
  }

  /** The same as objects. */
  objects(entity: AdminClass, rows: readonly ClassRow[], options: RowOptions): Record<string, unknown>[] {
    const out = new JsonBytes(0).json('[');
    this.write(entity, rows, { ...options, out });
    return JSON.parse(out.json(']').toBuffer().toString()) as Record<string, unknown>[];
  }

  #writerOf(entity: AdminClass, { context, route, select }: RowOptions): RowWriter<ClassRow> {
    if (select !== undefined) return entityWriter(entity, { context, route, select });
    const key = `${route} ${entity.name} ${context.server}`;
    const known = this.#whole.get(key);
    if (known !== undefined) return known;
    if (this.#whole.size >= WRITERS_KEPT) this.#whole.clear();
    const writer = entityWriter(entity, { context, route });
    this.#whole.set(key, writer);
    return writer;
  }
}

const COMMA = Buffer.from(',');

/** Rows that name the server name it as the caller does. */
export function withServer(row: ClassRow, { server }: ServiceContext): ClassRow {
  row['server'] = server;
  return row;
}
