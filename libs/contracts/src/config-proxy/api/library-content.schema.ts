import { z } from 'zod';
import { nextCursorSchema } from '../console-api.schema.js';
import { name, sha256, time } from './library-fields.js';

const GIB = 1_024 ** 3;
/** The largest file that can be uploaded, in bytes. */
export const MAX_CONTENT_BYTES = 20 * GIB;

const fileName = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9 ._+@()-]{0,199}$/,
    'must begin with a letter or digit and hold only letters, digits, spaces and . _ + @ ( ) -',
  )
  .meta({ description: 'Name under which devices fetch it.' });

export const contentSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    fileName: z.string(),
    size: z.number().int(),
    sha256,
    createdAt: time('When it was uploaded.'),
    createdBy: z.string(),
    distributed: z
      .boolean()
      .meta({ description: 'True where an application or package has it: the content port serves it.' }),
    path: z.string().meta({ description: 'Path on the content port.' }),
  })
  .meta({ id: 'Content', description: 'A file that applications and packages are made of.' });
export type Content = z.output<typeof contentSchema>;
export const contentPageSchema = z.object({ items: z.array(contentSchema), nextCursor: nextCursorSchema });

export const newUploadBodySchema = z.strictObject({
  name: name.optional().meta({ description: 'For people; default: the name of the file.' }),
  fileName,
  size: z.number().int().min(1).max(MAX_CONTENT_BYTES),
  sha256,
});
export type NewUpload = z.output<typeof newUploadBodySchema>;

export const uploadSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    fileName: z.string(),
    size: z.number().int(),
    sha256,
    offset: z.number().int().meta({ description: 'Bytes that have arrived: where to go on.' }),
    known: z.boolean().meta({
      description: 'True where the store has this very file already: finish the upload without sending it.',
    }),
    createdAt: time('When it was begun.'),
    createdBy: z.string(),
    expiresAt: time('When it is given up unless something arrives.'),
  })
  .meta({ id: 'Upload', description: 'An upload that is under way.' });
export type Upload = z.output<typeof uploadSchema>;
export const uploadPageSchema = z.object({ items: z.array(uploadSchema), nextCursor: nextCursorSchema });
