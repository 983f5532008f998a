import type { ErrorBody } from '@espalier/contracts';
import { z } from 'zod';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** An error as HTTP callers get it: RFC 9457 problem details, with our stable code and what to do about it. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'urn:espalier:error:<code>' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional().meta({ description: 'What is wrong in this very case.' }),
    instance: z.string().meta({ description: 'urn:espalier:request:<request id>, as in the logs.' }),
    code: z.string().meta({ description: 'Stable; documented in the list of errors.' }),
    mend: z.string().optional().meta({ description: 'How to mend it.' }),
    retryable: z
      .boolean()
      .optional()
      .meta({ description: 'True where the same request may succeed later, unchanged.' }),
    fields: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Field to what is wrong with it.' }),
    errorId: z.string().optional().meta({ description: 'Finds the cause in the logs.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

export type Problem = z.output<typeof problemSchema>;

export function toProblem({ code, title, status, ...rest }: ErrorBody, requestId: string): Problem {
  return {
    type: `urn:espalier:error:${code}`,
    title,
    status,
    code,
    instance: `urn:espalier:request:${requestId}`,
    ...rest,
  };
}
