/** The resources that one step of an evaluation looks at; sets among them are bit by bit. */
export class Universe {
  readonly #positions: ReadonlyMap<number, number>;
  readonly words: number;

  /** @param ids each once */
  constructor(readonly ids: readonly number[]) {
    this.#positions = new Map(ids.map((id, position) => [id, position]));
    this.words = Math.ceil(ids.length / 32);
  }

  empty(): ResourceSet {
    return new ResourceSet(this, new Int32Array(this.words));
  }

  /** Ids that are not looked at are left out. */
  setOf(ids: Iterable<number>): ResourceSet {
    const bits = new Int32Array(this.words);
    for (const id of ids) {
      const position = this.#positions.get(id);
      if (position !== undefined) bits[position >> 5] = (bits[position >> 5] ?? 0) | (1 << (position & 31));
    }
    return new ResourceSet(this, bits);
  }
}

/** A set of resources of one universe; never changes. */
export class ResourceSet {
  constructor(
    private readonly universe: Universe,
    private readonly bits: Int32Array,
  ) {}

  union(other: ResourceSet): ResourceSet {
    return this.#combine(other, (a, b) => a | b);
  }

  intersect(other: ResourceSet): ResourceSet {
    return this.#combine(other, (a, b) => a & b);
  }

  minus(other: ResourceSet): ResourceSet {
    return this.#combine(other, (a, b) => a & ~b);
  }

  equals(other: ResourceSet): boolean {
    return this.bits.every((word, index) => word === other.bits[index]);
  }

  get isEmpty(): boolean {
    return this.bits.every((word) => word === 0);
  }

  ids(): number[] {
    return this.universe.ids.filter(
      (_, position) => ((this.bits[position >> 5] ?? 0) & (1 << (position & 31))) !== 0,
    );
  }

  #combine(other: ResourceSet, combine: (a: number, b: number) => number): ResourceSet {
    return new ResourceSet(
      this.universe,
      this.bits.map((word, index) => combine(word, other.bits[index] ?? 0)),
    );
  }
}
