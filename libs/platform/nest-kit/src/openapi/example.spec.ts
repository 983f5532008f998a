import { z } from 'zod';
import { ExampleMaker } from './example.js';
import { SchemaCollector } from './json-schema.js';

const words = {
  names: { name: 'Laboratory', collectionId: 'ESP00014', size: 7, schedule: null },
  schemas: { Device: { name: "Anna's MacBook" } },
  forms: ['ESP00014', '16:30'],
};

function exampleOf(type: z.ZodType): unknown {
  const schemas = new SchemaCollector();
  const schema = schemas.schema(type, 'input');
  return new ExampleMaker(schemas.components(), words).of(schema);
}

describe('examples of the documentation', () => {
  it('are what schemas say themselves, else words for names, else what has the type', () => {
    const schema = z.object({
      kind: z.enum(['device', 'user']),
      city: z.string().meta({ examples: ['Passau'] }),
      name: z.string(),
      comment: z.string(),
      isEnabled: z.boolean().default(false),
      size: z.number().int(),
      at: z.iso.datetime(),
      createdAt: z.number().int(),
      id: z.uuid().nullable(),
    });
    const example = exampleOf(schema);
    expect(example).toMatchObject({ kind: 'device', city: 'Passau', name: 'Laboratory', size: 7 });
    expect(example).toMatchObject({ comment: 'text', isEnabled: false });
    expect(schema.safeParse(example).error).toBeUndefined();
  });

  it('take a word only where it has the type and the form', () => {
    const schema = z.object({
      name: z.number(),
      schedule: z.string().nullable(),
      collectionId: z.string().regex(/^\d\d:\d\d$/),
    });
    expect(exampleOf(schema)).toEqual({ name: 1, schedule: null, collectionId: '16:30' });
  });

  it('use other words in a schema that has a name, and end where one holds itself', () => {
    const device = z.object({ name: z.string() }).meta({ id: 'Device' });
    interface Tree {
      readonly name: string;
      readonly branches: readonly Tree[];
    }
    const tree: z.ZodType<Tree> = z
      .object({
        name: z.string(),
        get branches() {
          return z.array(tree);
        },
      })
      .meta({ id: 'Tree' });
    expect(exampleOf(z.object({ name: z.string(), device }))).toEqual({
      name: 'Laboratory',
      device: { name: "Anna's MacBook" },
    });
    expect(tree.safeParse(exampleOf(tree)).error).toBeUndefined();
  });

  it('show records with one entry or all that must be there, and the first of several forms', () => {
    expect(exampleOf(z.object({ facts: z.record(z.string(), z.number()) }))).toEqual({ facts: { text: 1 } });
    const counts = z.record(z.enum(['done', 'failed']), z.number());
    expect(exampleOf(counts)).toEqual({ done: 1, failed: 1 });
    expect(exampleOf(z.partialRecord(z.enum(['done', 'failed']), z.number()))).toEqual({ done: 1 });
    expect(exampleOf(z.union([z.object({ a: z.literal('x') }), z.string()]))).toEqual({ a: 'x' });
  });
});
