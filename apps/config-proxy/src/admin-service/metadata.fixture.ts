/** A `$metadata` document as a strict reader has it. */
export interface Metadata {
  /** Names of the entity sets, in the order of the document. */
  readonly sets: readonly string[];
  /** What the document itself has wrong. */
  problems(): string[];
  /** What an object has that its type does not allow. */
  differences(type: string, object: Readonly<Record<string, unknown>>): string[];
  /** What stands between the parentheses of its path. */
  keyOf(set: string, object: Readonly<Record<string, unknown>>): string;
}

interface Type {
  readonly name: string;
  readonly base: string | undefined;
  readonly isOpen: boolean;
  readonly keys: readonly string[];
  /** Of properties and navigations. */
  readonly members: ReadonlyMap<string, { readonly type: string; readonly isNullable: boolean }>;
}

const OWN = 'AdminService.';
const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
const isOf: Readonly<Record<string, (value: unknown) => boolean>> = {
  'Edm.String': (value) => typeof value === 'string',
  'Edm.Boolean': (value) => typeof value === 'boolean',
  'Edm.Int32': (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  'Edm.Int64': (value) => Number.isSafeInteger(value),
  'Edm.Double': (value) => typeof value === 'number',
  'Edm.Guid': (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(value)),
  'Edm.DateTimeOffset': (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(value)),
};

/** Reads what `metadataXml` writes: one element a line. */
export function readMetadata(xml: string): Metadata {
  const bodies = xml.matchAll(
    /<(?:EntityType|ComplexType) ([^>]*[^/>])(?:\/>|>(.*?)<\/(?:EntityType|ComplexType)>)/gs,
  );
  const types = new Map(
    [...bodies].map(([, tag = '', inside = '']): [string, Type] => {
      const members = [...inside.matchAll(/<(?:Navigation)?Property ([^>]*)\/>/g)].map(([, member = '']) => ({
        name: attribute(member, 'Name') ?? '',
        type: attribute(member, 'Type') ?? '',
        isNullable: attribute(member, 'Nullable') !== 'false',
      }));
      const name = attribute(tag, 'Name') ?? '';
      return [
        name,
        {
          name,
          base: attribute(tag, 'BaseType')?.slice(OWN.length),
          isOpen: attribute(tag, 'OpenType') === 'true',
          keys: [...inside.matchAll(/<PropertyRef Name="([^"]*)"/g)].map(([, key = '']) => key),
          members: new Map(members.map((member) => [member.name, member])),
        },
      ];
    }),
  );
  const sets = [...xml.matchAll(/<EntitySet Name="([^"]*)"/g)].map(([, name = '']) => name);
  return {
    sets,
    problems: () => problemsOf(xml, types, sets),
    differences: (type, object) => differences(types, type, object),
    keyOf: (set, object) => {
      const keys = types.get(set)?.keys ?? [];
      return keys
        .map((key) => `${key}=${typeof object[key] === 'string' ? `'${object[key]}'` : String(object[key])}`)
        .join(',');
    },
  };
}

function problemsOf(xml: string, types: ReadonlyMap<string, Type>, sets: readonly string[]): string[] {
  const named = [...xml.matchAll(/\b(?:Type|BaseType|EntityType)="([^"]*)"/g)].map(([, type = '']) =>
    type.replace(/^Collection\((.*)\)$/, '$1'),
  );
  const bound = [...xml.matchAll(/NavigationPropertyBinding Path="[^"]*" Target="([^"]*)"/g)];
  return [
    ...named.filter((type) => !(type in isOf) && !types.has(type.slice(OWN.length))),
    ...bound.flatMap(([, target = '']) => (sets.includes(target) ? [] : [`no set ${target}`])),
    ...sets.flatMap((set) => {
      const { keys = [], members } = types.get(set) ?? {};
      if (keys.length === 0) return [`${set} has no key`];
      return keys
        .filter((key) => members?.get(key)?.isNullable !== false)
        .map((key) => `${set}: ${key} may be null`);
    }),
  ];
}

function differences(
  types: ReadonlyMap<string, Type>,
  name: string,
  object: Readonly<Record<string, unknown>>,
): string[] {
  const told = object['@odata.type'];
  const own = typeof told === 'string' ? told.slice(`#${OWN}`.length) : name;
  const type = types.get(own);
  if (type === undefined) return [`no type ${own}`];
  const base = type.base === undefined ? undefined : types.get(type.base);
  return Object.entries(object).flatMap(([key, value]) => {
    if (/@odata\.|^__/.test(key)) return [];
    const member = type.members.get(key) ?? base?.members.get(key);
    if (member === undefined) return type.isOpen ? [] : [`${own} has no ${key}`];
    if (value === null) return member.isNullable ? [] : [`${own}.${key} is null`];
    const element = /^Collection\((.*)\)$/.exec(member.type)?.[1];
    if ((element !== undefined) !== Array.isArray(value)) return [`${own}.${key} is (no) list`];
    const values = Array.isArray(value) ? (value as unknown[]) : [value];
    return values.flatMap((one) => {
      const wanted = element ?? member.type;
      const check = isOf[wanted];
      if (check !== undefined) return check(one) ? [] : [`${own}.${key}: ${wanted} is ${String(one)}`];
      return differences(types, wanted.slice(OWN.length), one as Record<string, unknown>);
    });
  });
}
