import type { CollectionKind, queryClassesSchema } from '@espalier/contracts';
import type { z } from 'zod';
import type { QueryModels } from './query-rule.binder.js';

/** Shows what query rules can ask about. */
export class QueryClassService {
  constructor(private readonly models: QueryModels) {}

  list(kind: CollectionKind): z.output<typeof queryClassesSchema> {
    const { root, classes } = this.models[kind];
    return {
      root,
      classes: classes.map(({ name, properties, arrays = [] }) => ({
        name,
        properties: [...properties, ...arrays.flatMap((array) => array.properties)]
          .filter(({ isNothing }) => isNothing !== true)
          .map(({ name: property, type }) => ({ name: property, type })),
      })),
    };
  }
}
