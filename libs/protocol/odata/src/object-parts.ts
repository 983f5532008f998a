import type { ODataObject } from './envelope.js';
import type { JsonBytes } from './json-bytes.js';

/** Writes a row, or what is at one place of it. */
export type RowWriter<Row> = (row: Row, out: JsonBytes) => void;

/** Fixed text of a string, and what is written behind it for each row. */
export interface Piece<Row> {
  readonly before: string;
  readonly write: RowWriter<Row>;
}

/** The members of an object in their order: finished JSON, and between it what is written for each row. */
export class ObjectParts<Row> {
  #json = '{';
  #isEmpty = true;
  readonly #before: Uint8Array[] = [];
  readonly #writers: RowWriter<Row>[] = [];

  /** Members that are the same for all rows. */
  fixed(members: ODataObject): void {
    for (const [name, value] of Object.entries(members)) {
      this.#name(name);
      this.#json += JSON.stringify(value);
    }
  }

  written(name: string, write: RowWriter<Row>): void {
    this.#name(name);
    this.#write(write);
  }

  /** A member that is a string, of fixed text with values between. */
  writtenBetween(name: string, pieces: readonly Piece<Row>[]): void {
    this.#name(name);
    this.#json += '"';
    for (const { before, write } of pieces) {
      this.#json += JSON.stringify(before).slice(1, -1);
      this.#write(write);
    }
    this.#json += '"';
  }

  finished(): RowWriter<Row> {
    const before = this.#before;
    const writers = this.#writers;
    const end = Buffer.from(`${this.#json}}`);
    return (row, out) => {
      for (let i = 0; i < writers.length; i++) {
        out.raw(before[i] as Uint8Array);
        (writers[i] as RowWriter<Row>)(row, out);
      }
      out.raw(end);
    };
  }

  #write(write: RowWriter<Row>): void {
    this.#before.push(Buffer.from(this.#json));
    this.#writers.push(write);
    this.#json = '';
  }

  #name(name: string): void {
    this.#json += `${this.#isEmpty ? '' : ','}${JSON.stringify(name)}:`;
    this.#isEmpty = false;
  }
}
