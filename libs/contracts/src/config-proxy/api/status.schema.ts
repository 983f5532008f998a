import { z } from 'zod';
import { statusMessageSchema } from '../../status/status-message.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';

/** A status message as it is kept. */
export const storedStatusMessageSchema = statusMessageSchema
  .extend({ id: z.number().int(), service: z.string() })
  .meta({ id: 'StatusMessage', description: 'One line of the log that the services keep for admins.' });
export type StoredStatusMessage = z.output<typeof storedStatusMessageSchema>;

export const statusPageSchema = z.object({
  items: z.array(storedStatusMessageSchema),
  nextCursor: nextCursorSchema,
});
