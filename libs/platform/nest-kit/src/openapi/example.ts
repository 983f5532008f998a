import type { JsonSchema } from './json-schema.js';

/** What schemas do not say: what things are called and look like. */
export interface ExampleWords {
  /** Name of a property to a value; taken where the property's schema has that type. */
  readonly names: Readonly<Record<string, unknown>>;
  /** Name of a schema (`.meta({ id })`) to values of properties that mean something else there. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Texts for schemas that want a form (`pattern`): the first that has it. */
  readonly forms?: readonly string[];
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: '0b3c5a1e-7d42-4c1f-9e0a-5f6b7c8d9e01',
  'date-time': '2026-11-21T10:00:00Z',
  uri: 'https://espalier.example/',
  email: 'anna@example.com',
};
/** Beyond it only what must be there: a schema may hold itself. */
const DEEP = 6;

/** Makes example values of schemas: what they name themselves, else words for what properties are called. */
export class ExampleMaker {
  constructor(
    private readonly components: Readonly<Record<string, JsonSchema>>,
    private readonly words: ExampleWords,
  ) {}

  of(schema: JsonSchema): unknown {
    return this.#of(schema, { name: '', words: this.words.names, depth: 0 });
  }

  #of(schema: JsonSchema, at: Place): unknown {
    const own = ownOf(schema);
    if (own !== undefined) return own.value;
    const reference = schema['$ref'];
    if (typeof reference === 'string') return this.#ofComponent(reference.split('/').at(-1) ?? '', at);
    const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonSchema[] | undefined;
    const word = at.words[at.name];
    if (word !== undefined && fits(word, schema, choices)) return word;
    if (choices !== undefined)
      return this.#of(choices.find(({ type }) => type !== 'null') ?? choices[0] ?? {}, at);
    const all = schema['allOf'] as readonly JsonSchema[] | undefined;
    if (all !== undefined)
      return Object.assign({}, ...all.map((part) => this.#of(part, at) as object)) as unknown;
    return this.#ofType(schema, at);
  }

  #ofComponent(name: string, at: Place): unknown {
    const words = { ...this.words.names, ...this.words.schemas?.[name] };
    return this.#of(this.components[name] ?? {}, { ...at, words, depth: at.depth + 1 });
  }

  #ofType(schema: JsonSchema, at: Place): unknown {
    const { type, default: fallback } = schema;
    if (fallback !== undefined) return fallback;
    switch (Array.isArray(type) ? (type as unknown[]).find((one) => one !== 'null') : type) {
      case 'object':
        return this.#ofObject(schema, at);
      case 'array': {
        const items = schema['items'] as JsonSchema | undefined;
        const isEmpty = items === undefined || (at.depth > DEEP && schema['minItems'] === undefined);
        return isEmpty ? [] : [this.#of(items, { ...at, depth: at.depth + 1 })];
      }
      case 'integer':
      case 'number':
        return /(At|Time)$/.test(at.name) ? 1_795_255_200_000 : (schema['minimum'] ?? 1);
      case 'boolean':
        return true;
      case 'null':
        return null;
      case 'string':
        return FORMATS[String(schema['format'])] ?? this.#formed(schema['pattern']);
      default:
        return 'text';
    }
  }

  #formed(pattern: unknown): string {
    if (typeof pattern !== 'string') return 'text';
    const form = new RegExp(pattern, 'u');
    return this.words.forms?.find((text) => form.test(text)) ?? 'text';
  }

  #ofObject(schema: JsonSchema, at: Place): unknown {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
    const required = new Set((schema['required'] ?? []) as readonly string[]);
    const shown = properties.filter(([name]) => at.depth <= DEEP || required.has(name));
    const value = Object.fromEntries(
      shown.map(([name, property]) => [name, this.#of(property, { ...at, name, depth: at.depth + 1 })]),
    );
    const more = schema['additionalProperties'];
    if (properties.length > 0 || typeof more !== 'object' || more === null) return value;
    const keys = (schema['propertyNames'] ?? { type: 'string' }) as JsonSchema;
    const one = String(this.#of(keys, { ...at, name: `${at.name}.key` }));
    const entry = this.#of(more as JsonSchema, { ...at, name: `${at.name}.value`, depth: at.depth + 1 });
    // Of a record over given keys all of them, where none may be missing.
    return Object.fromEntries((required.size === 0 ? [one] : [...required]).map((key) => [key, entry]));
  }
}

interface Place {
  /** Of the property. */
  readonly name: string;
  readonly words: Readonly<Record<string, unknown>>;
  readonly depth: number;
}

/** What the schema itself gives as a value. */
function ownOf(schema: JsonSchema): { readonly value: unknown } | undefined {
  const [first] = (schema['examples'] ?? []) as readonly unknown[];
  for (const value of [
    schema['example'],
    first,
    schema['const'],
    (schema['enum'] as unknown[] | undefined)?.[0],
  ])
    if (value !== undefined) return { value };
  return undefined;
}

function fits(word: unknown, schema: JsonSchema, choices: readonly JsonSchema[] = [schema]): boolean {
  const type = Array.isArray(word) ? 'array' : word === null ? 'null' : typeof word;
  return choices.some((choice) => {
    const types = [choice['type']].flat();
    if (choice['$ref'] !== undefined || choice['enum'] !== undefined || choice['const'] !== undefined)
      return false;
    const { pattern } = choice;
    if (typeof word === 'string' && typeof pattern === 'string' && !new RegExp(pattern, 'u').test(word))
      return false;
    return types.some((wanted) =>
      [undefined, type, ...(Number.isInteger(word) ? ['integer'] : [])].includes(wanted as string),
    );
  });
}
