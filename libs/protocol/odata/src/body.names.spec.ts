import { withModelNames } from './index.js';
import { wmiService } from './service.fixture.js';

const spelt = (body: Record<string, unknown>): unknown =>
  withModelNames(
    body,
    [
      { name: 'ResourceID', type: 'Edm.Int32' },
      { name: 'collectionRule', type: { complex: 'SMS_CollectionRule' } },
    ],
    wmiService,
  );

describe('names in bodies', () => {
  it('are those of the model, in whatever letter case they came, also inside of objects and lists', () => {
    const rule = { '@odata.type': '#AdminService.SMS_CollectionRuleDirect', resourceId: 5, RULENAME: 'x' };
    const named = { '@odata.type': rule['@odata.type'], ResourceID: 5, RuleName: 'x' };
    expect(spelt({ RESOURCEID: 7, CollectionRule: rule })).toEqual({ ResourceID: 7, collectionRule: named });
    expect(spelt({ collectionRule: [rule, null, 'x'] })).toEqual({ collectionRule: [named, null, 'x'] });
  });

  it('stay as they are where the model has none, and where the exact one is there too', () => {
    const odd = JSON.parse(
      '{"__proto__":1,"other":{"resourceid":2},"resourceid":3,"ResourceID":4}',
    ) as object;
    const body = spelt({ ...odd });
    expect(JSON.stringify(body)).toBe(JSON.stringify(odd));
    expect(spelt({ collectionRule: 'text' })).toEqual({ collectionRule: 'text' });
  });
});
