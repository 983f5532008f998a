import { odataLimits, ODataError, parseExpand, parseOrder, parseSelect } from './index.js';
import { fixtureEntity } from './service.fixture.js';

const system = fixtureEntity('SMS_R_System');
const device = fixtureEntity('Device');
const membership = fixtureEntity('ResourceCollectionMembership');

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ODataError) return `${error.status} ${error.message}`;
    throw error;
  }
  return 'taken';
}

const selected = (text: string): string[] | undefined =>
  parseSelect(text, system)?.properties.map(({ name }) => name);

describe('$select', () => {
  it('keeps the key, in any case, each name once', () => {
    expect(selected(' name , NAME,Client')).toEqual(['ResourceId', 'Name', 'Client']);
    expect(selected('Name,*')).toBeUndefined();
  });

  it('names navigations too', () => {
    const select = parseSelect('collection', membership);
    expect(select?.navigations.map(({ name }) => name)).toEqual(['Collection']);
    expect(select?.properties.map(({ name }) => name)).toEqual(['CollectionID', 'MachineId']);
  });

  it('is refused where it cannot be read', () => {
    expect(refusal(() => selected('Nam'))).toBe(
      '400 There is no property of SMS_R_System "Nam". Did you mean "Name"? (character 1)',
    );
    expect(refusal(() => selected('Name,'))).toBe('400 Here a name is expected. (character 6)');
    expect(refusal(() => selected('Name Client'))).toBe(
      '400 Here a comma or the end is expected. (character 6)',
    );
    expect(refusal(() => selected('A/B'))).toContain('501 $select takes names only');
    expect(
      refusal(() =>
        selected(
          Array(odataLimits.names + 1)
            .fill('Name')
            .join(','),
        ),
      ),
    ).toContain('at most 300 names');
  });
});

describe('$expand', () => {
  it('names navigations', () => {
    expect(parseExpand('COLLECTION,Collection', membership).map(({ name }) => name)).toEqual(['Collection']);
    expect(parseExpand('*', device).map(({ name }) => name)).toEqual(['ResourceCollectionMembership']);
  });

  it('is refused where it cannot be read', () => {
    expect(refusal(() => parseExpand('Name', device))).toContain(
      '400 There is no navigation of Device "Name".',
    );
    expect(refusal(() => parseExpand('X', system))).toBe(
      '400 There is no navigation of SMS_R_System "X". (character 1)',
    );
    expect(refusal(() => parseExpand('Collection($select=Name)', membership))).toBe(
      '501 $expand takes names only: nothing can be asked about what is inside of Collection.',
    );
    expect(refusal(() => parseExpand('Collection(x)', membership))).toContain('501 $expand takes names only');
  });
});

describe('$orderby', () => {
  it('has several properties, each in its direction', () => {
    const fields = parseOrder('name DESC, ClientType asc,ResourceId', system);
    expect(fields.map(({ property, descending }) => [property.column, descending])).toEqual([
      ['name', true],
      ['client_type', false],
      ['resource_id', false],
    ]);
  });

  it('is refused where it cannot be read', () => {
    const table: [order: string, refusal: string][] = [
      ['Name,name', '400 Name comes twice. (character 6)'],
      ['Notes', '400 Notes cannot be ordered by. (character 1)'],
      ['IPAddresses', '400 IPAddresses cannot be ordered by. (character 1)'],
      ['tolower(Name)', '400 Here the name of a property is expected. (character 1)'],
      ['Name upwards', '400 Here "desc", a comma or the end is expected. (character 6)'],
      ['', '400 Here the name of a property is expected. (character 1)'],
      [
        'Name,NetbiosName,Client,Obsolete,ClientType,ResourceId',
        '400 An order has at most 5 properties. (character 45)',
      ],
    ];
    expect(table.map(([order]) => [order, refusal(() => parseOrder(order, system))])).toEqual(table);
  });
});
