import { z } from 'zod';

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Collects the schemas that have a name (`.meta({ id })`) and refers to them. */
export class SchemaCollector {
  readonly #components = new Map<string, JsonSchema>();

  /** @param io what a caller sends (defaults may be missing), or what we answer */
  schema(type: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const whole = z.toJSONSchema(type, {
      target: 'draft-2020-12',
      io,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // Answers may gain keys: a caller that refuses unknown ones would break.
        if (io === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      },
    });
    const { $schema: _dialect, $defs, ...schema } = rewrite(whole) as Record<string, unknown>;
    for (const [name, component] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>))
      this.#add(name, component);
    return schema;
  }

  components(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #add(name: string, component: JsonSchema): void {
    const { id: _id, ...schema } = component;
    const known = this.#components.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`Two schemas are called ${name}`);
    this.#components.set(name, schema);
  }
}

const CONTROLS = String.raw`\u0000-\u001f\u007f-\u009f`;

/**
 * A pattern as engines of other languages read it too: they know neither `[^]` nor `\0`, and hold no halves of
 * surrogate pairs that one could ask for.
 */
function portable(pattern: string): string {
  return pattern
    .replaceAll(String.raw`\P{Cc}`, `[^${CONTROLS}]`)
    .replaceAll(String.raw`\p{Cc}`, CONTROLS)
    .replaceAll(String.raw`\p{Cs}`, '')
    .replaceAll(/\\0(?!\d)/g, String.raw`\u0000`)
    .replaceAll('[^]', String.raw`[\s\S]`);
}

/** References lead to where OpenAPI has its schemas; patterns are portable. */
function rewrite(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewrite);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewritten(key, item)]));
}

function rewritten(key: string, item: unknown): unknown {
  if (typeof item !== 'string') return rewrite(item);
  if (key === '$ref') return item.replace('#/$defs/', '#/components/schemas/');
  return key === 'pattern' ? portable(item) : item;
}
