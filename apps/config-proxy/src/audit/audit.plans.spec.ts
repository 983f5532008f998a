import { endpointsOf, type EndpointSpec } from '@espalier/nest-kit';
import { consoleControllers } from '../console.module.js';
import { allowedDetails } from './audit.details.js';
import { auditPlans, bodyPlans } from './audit.plans.js';

const endpoints = endpointsOf(consoleControllers);
const plans = auditPlans(endpoints);

describe('what is recorded of the console port', () => {
  it('says more only of operations that there are, and only what may be kept', () => {
    const operations = endpoints.map(({ operationId }) => operationId);
    for (const [operation, { details = {} }] of Object.entries(bodyPlans)) {
      expect(operations).toContain(operation);
      const said = Object.fromEntries(Object.keys(details).map((key) => [key, 'x']));
      expect(allowedDetails(operation, said)).toEqual(said);
    }
  });

  it('covers everything that changes something, and every reading of secrets', () => {
    const isAudited = (spec: EndpointSpec): boolean => plans.get(spec)?.audited === true;
    const missed = endpoints
      .map(({ spec }) => spec)
      .filter((spec) => (spec.method !== 'GET' || spec.scope === 'secrets:read') && !isAudited(spec));
    expect(missed).toEqual([]);
  });

  it('names the things of a path', () => {
    const targets = (path: string): unknown => {
      const found = endpoints.find(({ spec }) => spec.method !== 'GET' && spec.path === path);
      const params = Object.fromEntries(
        [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => [name, `the ${name}`]),
      );
      return (
        found &&
        plans
          .get(found.spec)
          ?.targets(params)
          .map(({ type, id }) => `${type} ${id}`)
      );
    };
    expect(targets('/api/v1/collections/:id/rules/:ruleId')).toEqual([
      'collection the id',
      'rule the ruleId',
    ]);
    expect(targets('/api/v1/devices/:resourceId/users/:userId')).toEqual([
      'device the resourceId',
      'user the userId',
    ]);
    expect(targets('/api/v1/tokens/:id')).toEqual(['api-token the id']);
    expect(targets('/api/v1/configuration-items/:id')).toEqual(['configuration-item the id']);
    expect(targets('/api/v1/approvals/:id/approve')).toEqual(['approval the id']);
  });
});
