import { z } from 'zod';

/** The links between a thing deployed and a device that has it, in their order. */
export const explainLinkKindSchema = z.enum([
  'resource',
  'enrollment',
  'collection',
  'membership',
  'deployment',
  'policy',
  'command',
  'push',
  'fetch',
  'report',
  'verification',
]);
export type ExplainLinkKind = z.output<typeof explainLinkKindSchema>;

/**
 * `ok`: holds. `waiting`: holds once time or the device lets it. `missing`: the chain ends here until somebody does
 * something. `failed`: was tried and went wrong. `lost`: it held once and does not any more, or another thing won.
 */
export const explainLinkStateSchema = z.enum(['ok', 'waiting', 'missing', 'failed', 'lost']);
export type ExplainLinkState = z.output<typeof explainLinkStateSchema>;

export const explainLinkSchema = z.object({
  link: explainLinkKindSchema,
  state: explainLinkStateSchema,
  at: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'Since when, or when it happened. Epoch milliseconds, UTC.' }),
  by: z.string().nullable().meta({ description: 'Who or what caused it.' }),
  text: z.string().meta({ description: 'One sentence for people.' }),
  mend: z.string().optional().meta({ description: 'What would mend it.' }),
  facts: z.record(z.string(), z.json()).meta({ description: 'What the sentence is made of.' }),
});
export type ExplainLink = z.output<typeof explainLinkSchema>;

/** Why a device has (not) got something. */
export const explanationSchema = z
  .object({
    resourceId: z.number().int(),
    deploymentId: z.uuid(),
    deploymentName: z.string(),
    thingName: z.string(),
    /** One straight sentence. */
    answer: z.string(),
    /** True: the device verifiably stands as the deployment wants it. */
    complies: z.boolean(),
    chain: z.array(explainLinkSchema).meta({
      description: 'Links in their order; none after the first one that is missing.',
    }),
  })
  .meta({
    id: 'Explanation',
    description: 'The chain from a deployment to a device, each link with its time and cause.',
  });
export type Explanation = z.output<typeof explanationSchema>;

export const explainAnswerSchema = z.object({
  resourceId: z.number().int(),
  name: z.string(),
  /** One straight sentence over all of them. */
  answer: z.string(),
  explanations: z.array(explanationSchema).meta({
    description: 'One for each deployment asked about; without a question, of all that touch the device.',
  }),
  truncated: z.boolean().meta({ description: 'True: there are more deployments than are told of at once.' }),
});
export type ExplainAnswer = z.output<typeof explainAnswerSchema>;
