import { OData } from '@odata/client';
import { o } from 'odata';
import { AdminServiceFixture } from './admin-service.fixture.js';

interface Collection {
  readonly CollectionID: string;
  readonly Name: string;
}

const idsOf = (collections: readonly Collection[] = []): string[] =>
  collections.map(({ CollectionID: id }) => id);

describe('npm clients of OData, over HTTP', () => {
  let service: AdminServiceFixture;
  beforeAll(async () => {
    service = await AdminServiceFixture.start();
  });
  afterAll(() => service.close());

  it('odata (o.js) lists, filters with an encoded "$", gets, creates, calls and deletes', async () => {
    const client = o(service.url);
    const query = { $filter: "contains(Name,'s Lab') or Name eq 'Anna''s Lab'", $select: 'Name', $top: 5 };
    const found = (await client.get('SMS_Collection').query(query)) as Collection[];
    expect(found).toEqual([{ '@odata.etag': 'ABC00002', CollectionID: 'ABC00002', Name: "Anna's Lab" }]);
    expect(service.requests.at(-1)).toContain('?%24filter=');

    const ordered = (await client.get('SMS_Collection').query({ $orderby: 'Name desc' })) as Collection[];
    expect(idsOf(ordered)).toEqual(['ABC00001', 'ABC00002', 'ABC00000']);
    const [byKey] = (await client.get("SMS_Collection('ABC00001')").query()) as Collection[];
    expect(byKey).toMatchObject({ Name: 'Macs', CollectionRules: [], __CLASS: 'SMS_Collection' });

    const created = (await client.post('SMS_Collection', { Name: 'New' }).query()) as Collection;
    expect(created).toMatchObject({ CollectionID: 'ABC00009', Name: 'New' });
    const call = client.post("SMS_Collection('ABC00001')/AdminService.AddMembershipRules", {
      collectionRule: 5,
    });
    expect(await call.query()).toMatchObject({
      ReturnValue: 0,
      Called: 'AddMembershipRule',
      With: { collectionRule: 5 },
    });
    const deleted = (await client.delete("SMS_Collection('ABC00001')").fetch()) as Response;
    expect(deleted.status).toBe(204);
  });

  it('odata (o.js) is told what is wrong', async () => {
    const refused = (await o(service.url)
      .get("SMS_Collection('ABC00099')")
      .query()
      .catch((error: unknown) => error)) as Response;
    expect([refused.status, await refused.json()]).toEqual([
      404,
      { error: { code: '404', message: 'There is no ABC00099.' } },
    ]);
  });

  it('@odata/client lists, filters, counts, gets and creates', async () => {
    const client = OData.New4({ serviceEndpoint: service.url });
    const collections = client.getEntitySet<Collection>('SMS_Collection');
    const filter = client.newFilter().property('Name').eq('Macs').property('MemberCount').gt(0);
    expect(idsOf(await collections.query(filter))).toEqual(['ABC00001']);
    expect(await collections.count()).toBe(3);
    expect(await collections.retrieve('ABC00001')).toMatchObject({ value: [{ Name: 'Macs' }] });
    expect(await collections.create({ Name: 'New' })).toMatchObject({ CollectionID: 'ABC00009' });
    await expect(collections.retrieve('ABC00099')).rejects.toThrow('There is no ABC00099.');
  });
});
