import {
  entityEnvelope,
  entityOf,
  errorBody,
  listEnvelope,
  listFrame,
  methodResult,
  parseSelect,
  serviceDocument,
  valueEnvelope,
  type EntityModel,
} from './index.js';
import { fixtureEntity, smallService } from './service.fixture.js';

const context = { baseUrl: 'https://h/AdminService/wmi', server: 'h', siteCode: 'ABC' };
const wmi = { context, route: 'wmi' } as const;
const collection: EntityModel<object> = fixtureEntity('SMS_Collection');
const row = {
  id: 'ABC00200',
  name: 'Lab "A"',
  comment: null,
  member_count: 3,
  type: 2,
  is_built_in: 0,
  changed_at: Date.UTC(2025, 1, 15, 23, 13, 23, 456),
  rules: [{ RuleName: 'x' }],
};

describe('entities', () => {
  it('of wmi are as AdminService writes them, property by property', () => {
    expect(JSON.stringify(entityOf(collection, row, wmi), undefined, 1)).toBe(`{
 "@odata.etag": "ABC00200",
 "__LAZYPROPERTIES": [
  "CollectionRules"
 ],
 "__QUALIFIER_SECURITYVERBS": -1,
 "CollectionID": "ABC00200",
 "CollectionType": 2,
 "Comment": null,
 "IsBuiltIn": false,
 "LastChangeTime": "2025-02-15T23:13:23Z",
 "MemberCount": 3,
 "Name": "Lab \\"A\\"",
 "__GENUS": 2,
 "__CLASS": "SMS_Collection",
 "__SUPERCLASS": "SMS_BaseClass",
 "__DYNASTY": "SMS_BaseClass",
 "__RELPATH": "SMS_Collection.CollectionID=\\"ABC00200\\"",
 "__PROPERTY_COUNT": 8,
 "__DERIVATION": [
  "SMS_BaseClass"
 ],
 "__SERVER": "h",
 "__NAMESPACE": "root\\\\sms\\\\site_ABC",
 "__PATH": "\\\\\\\\h\\\\root\\\\sms\\\\site_ABC:SMS_Collection.CollectionID=\\"ABC00200\\""
}`);
  });

  it('have their lazy properties where they were got by key, and nowhere else, selected or not', () => {
    expect(entityOf(collection, row, { ...wmi, lazy: true })).toHaveProperty('CollectionRules', row.rules);
    const select = parseSelect('CollectionRules', collection);
    const selected = { '@odata.etag': 'ABC00200', CollectionID: 'ABC00200' };
    expect(entityOf(collection, row, { ...wmi, select, lazy: true })).toEqual({
      ...selected,
      CollectionRules: row.rules,
    });
    // Nobody has looked them up for a list: that it says nothing is right, that there are none would be wrong.
    expect(entityOf(collection, row, { ...wmi, select })).toEqual(selected);
  });

  it('of v1.0 have their properties only', () => {
    expect(entityOf(collection, row, { ...wmi, route: 'v1.0' })).toEqual({
      CollectionID: 'ABC00200',
      CollectionType: 2,
      Comment: null,
      IsBuiltIn: false,
      LastChangeTime: '2025-02-15T23:13:23Z',
      MemberCount: 3,
      Name: 'Lab "A"',
    });
  });

  it('give every value the form of its type', () => {
    const system: EntityModel<object> = fixtureEntity('SMS_R_System');
    const write = (row: object): unknown => entityOf(system, row, wmi);
    const given = {
      resource_id: 5,
      is_client: true,
      is_obsolete: true,
      created_at: 9e15,
      site: 'ABC',
      addresses: ['10.0.0.1'],
    };
    expect(write(given)).toMatchObject({
      '@odata.etag': '5',
      Client: 1,
      CreationDate: null,
      IPAddresses: ['10.0.0.1'],
      LastLogonTimestamp: null,
      Obsolete: true,
      Name: null,
      SMSAssignedSites: ['ABC'],
      __DERIVATION: ['SMS_Resource', 'SMS_BaseClass'],
      __RELPATH: 'SMS_R_System.ResourceId=5',
    });
    expect(write({ resource_id: 6, site: null })).toMatchObject({ IPAddresses: [], SMSAssignedSites: [] });
  });

  it('have composite keys in their paths, quotes escaped', () => {
    const member: EntityModel<object> = fixtureEntity('SMS_FullCollectionMembership');
    expect(entityOf(member, { collection_id: 'a"\\', resource_id: 5 }, wmi)).toMatchObject({
      '@odata.etag': 'a"\\;5',
      __RELPATH: 'SMS_FullCollectionMembership.CollectionID="a\\"\\\\",ResourceID=5',
    });
  });
});

describe('envelopes', () => {
  it('name what they hold', () => {
    const base = 'https://h/AdminService/wmi/$metadata';
    expect(listEnvelope(context, collection, [{ Name: 'x' }])).toEqual({
      '@odata.context': `${base}#SMS_Collection`,
      value: [{ Name: 'x' }],
    });
    const select = parseSelect('name', collection);
    const paged = listEnvelope(context, collection, [], { count: 7, nextLink: 'https://h/next', select });
    expect(Object.entries(paged)).toEqual([
      ['@odata.context', `${base}#SMS_Collection(CollectionID,Name)`],
      ['@odata.count', 7],
      ['value', []],
      ['@odata.nextLink', 'https://h/next'],
    ]);
    const { head, tail } = listFrame(context, collection, { count: 7, select });
    expect(head + tail('https://h/next')).toBe(JSON.stringify(paged));
    expect(JSON.parse(`${head}{"Name":"x"}${tail()}`)).toEqual(
      listEnvelope(context, collection, [{ Name: 'x' }], { count: 7, select }),
    );
    expect(entityEnvelope(context, collection, { Name: 'x' })).toEqual({
      '@odata.context': `${base}#SMS_Collection/$entity`,
      Name: 'x',
    });
    expect(methodResult(context, { OperationID: 5 })).toEqual({
      '@odata.context': `${base}#__PARAMETERS`,
      ReturnValue: 0,
      OperationID: 5,
    });
    expect(valueEnvelope({ OperationId: 5 })).toEqual({ value: { OperationId: 5 } });
    expect(errorBody('404', 'No.')).toEqual({ error: { code: '404', message: 'No.' } });
  });

  it('list the entity sets of a service', () => {
    const set = (name: string): unknown => ({ name, kind: 'EntitySet', url: name });
    expect(serviceDocument(smallService, context)).toEqual({
      '@odata.context': 'https://h/AdminService/wmi/$metadata',
      value: [set('Collections'), set('Device'), set('ResourceCollectionMembership')],
    });
  });
});
