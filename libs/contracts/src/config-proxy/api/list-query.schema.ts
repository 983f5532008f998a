import { z } from 'zod';
import { pageQuery } from '../console-api.schema.js';

/** The query of every list that can be filtered and ordered; text, as it stands in a URL. */
export const listQuery = {
  ...pageQuery,
  filter: z.string().min(1).max(4_000).optional().meta({
    description:
      "Condition over the item's fields, as in \"osVersion ge '15' and contains(name,'lab')\": eq ne gt ge lt le, in, and, or, not, contains, startswith, endswith, null, parentheses.",
  }),
  orderBy: z.string().min(1).max(400).optional().meta({
    description: 'Fields to order by, separated by commas, each optionally followed by " desc".',
  }),
};

/** A version as it stands in ETag and If-Match: `"7"`. */
export const conditionalHeaders = z.object({
  'if-match': z
    .string()
    .regex(/^(\*|(W\/)?"[0-9]+")$/, 'must be an ETag as it was given, such as "7"')
    .optional()
    .meta({ description: 'Changes only this version: 412 where it was changed since.' }),
});
