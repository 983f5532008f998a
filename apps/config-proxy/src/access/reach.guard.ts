import {
  administratorErrors,
  collectionErrors,
  deploymentErrors,
  mdmErrors,
  resourceErrors,
  type EspalierError,
} from '@espalier/contracts';
import type { CallOptions } from '@espalier/messaging';
import type { EndpointReach, EndpointSpec } from '@espalier/nest-kit';
import type { Reach } from '../roles/rights.js';
import type { Visibility } from './visibility.service.js';

type Kind = 'device' | 'collection' | 'deployment' | 'enrollment' | 'command';

interface Question {
  readonly visibility: Visibility;
  readonly id: string | number;
  readonly reach: Reach;
  readonly origin: CallOptions;
}

interface Rule {
  /** As the route itself answers for an id that nobody has. */
  readonly unknown: (options: { readonly detail: string }) => EspalierError;
  readonly require: (question: Question) => Promise<void>;
}

const rules: Readonly<Record<Kind, Rule>> = {
  device: {
    unknown: resourceErrors.ESP_RESOURCE_UNKNOWN,
    require: ({ visibility, id, reach }) => visibility.requireDevices([Number(id)], reach),
  },
  collection: {
    unknown: collectionErrors.ESP_COLLECTION_UNKNOWN,
    require: ({ visibility, id, reach }) => visibility.requireCollections([String(id)], reach),
  },
  deployment: {
    unknown: deploymentErrors.ESP_DEPLOYMENT_UNKNOWN,
    require: ({ visibility, id, reach }) => visibility.requireDeployment(String(id), reach),
  },
  enrollment: {
    unknown: mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN,
    require: ({ visibility, id, reach }) => visibility.requireEnrollments([String(id)], reach),
  },
  command: {
    unknown: mdmErrors.ESP_MDM_COMMAND_UNKNOWN,
    require: ({ visibility, id, reach, origin }) => visibility.requireCommand(String(id), reach, origin),
  },
};

/**
 * Lets a caller who is limited to collections through where the endpoint says how it keeps to them. Deny by default.
 * @param params of the path, as they came
 * @throws EspalierError ESP_AUTH_NOT_FOR_LIMITED; where the object is out of reach, the same as for an unknown id
 */
export async function checkReach(
  endpoint: Pick<EndpointSpec, 'reach' | 'params'>,
  params: unknown,
  question: Omit<Question, 'id'>,
): Promise<void> {
  const declared: EndpointReach = endpoint.reach ?? 'site';
  if (question.reach === 'site' || declared === 'self' || declared === 'filtered') return;
  const [kind, parameter] = (typeof declared === 'object' ? Object.entries(declared)[0] : undefined) ?? [];
  if (kind === undefined || parameter === undefined) throw administratorErrors.ESP_AUTH_NOT_FOR_LIMITED();
  const { unknown, require } = rules[kind as Kind];
  // As the handler reads it: what is checked is what is used.
  const read = endpoint.params?.safeParse(params);
  const id = read?.success === true ? read.data[parameter] : undefined;
  if (typeof id !== 'string' && typeof id !== 'number')
    throw unknown({ detail: String((params as Readonly<Record<string, unknown>>)[parameter]) });
  await require({ ...question, id });
}
