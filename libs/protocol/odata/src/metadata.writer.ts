import {
  NAMESPACE,
  type ComplexTypeModel,
  type EdmType,
  type EntityModel,
  type MethodModel,
  type ServiceModel,
  type TypedName,
} from './entity.model.js';
import { checkService } from './service.check.js';
import { element } from './xml.writer.js';

/**
 * The CSDL 4.0 document of a service (OData CSDL XML 4.0), the same for the same model. Methods of a class are bound to
 * its entity set, since an unbound action cannot be called `SMS_Scripts.CreateScripts`; both spellings are taken.
 * Throws TypeError for a model that names types or keys that it does not have.
 */
export function metadataXml(service: ServiceModel): string {
  checkService(service);
  const { route, entities, complexTypes = [] } = service;
  const isWmi = route === 'wmi';
  const sorted = byName(entities);
  const schema = [
    ...(isWmi ? PARAMETERS : []),
    ...byName(complexTypes).flatMap(complexType),
    ...sorted.flatMap((entity) => entityType(entity, isWmi)),
    ...sorted.flatMap((entity) =>
      byName(entity.methods ?? []).flatMap((method) => boundMethod(entity, method, isWmi)),
    ),
    ...element('EntityContainer', { Name: 'Container' }, [...sorted.flatMap(entitySet), ...CAPABILITIES]),
  ];
  const lines = element(
    'edmx:Edmx',
    { Version: '4.0', 'xmlns:edmx': 'http://docs.oasis-open.org/odata/ns/edmx' },
    [
      ...element(
        'edmx:DataServices',
        {},
        element('Schema', { Namespace: NAMESPACE, xmlns: 'http://docs.oasis-open.org/odata/ns/edm' }, schema),
      ),
    ],
  );
  return `<?xml version="1.0" encoding="utf-8"?>\n${lines.join('\n')}\n`;
}

const PARAMETERS_NAME = '__PARAMETERS';
/** What methods of `wmi` answer that have no type of their own. */
const PARAMETERS = element('ComplexType', { Name: PARAMETERS_NAME, OpenType: 'true' }, [
  ...element('Property', { Name: 'ReturnValue', Type: 'Edm.Int32', Nullable: 'false' }),
]);

/** What `$filter` takes: report tools filter by themselves what a service does not. */
const FILTERS =
  'all and any contains endswith eq ge gt in le lt ne not now or startswith tolower toupper'.split(' ');
const CAPABILITY = 'Org.OData.Capabilities.V1';
const CAPABILITIES = [
  ...element('Annotation', { Term: `${CAPABILITY}.BatchSupported`, Bool: 'false' }),
  ...element('Annotation', { Term: `${CAPABILITY}.FilterFunctions` }, [
    ...element(
      'Collection',
      {},
      FILTERS.map((name) => `<String>${name}</String>`),
    ),
  ]),
];

const byName = <T extends { readonly name: string }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => (a.name < b.name ? -1 : 1));

const qualified = (name: string): string => `${NAMESPACE}.${name}`;

function typeName({ type, isCollection }: Omit<TypedName, 'name'>): string {
  const name = primitiveOrQualified(type);
  return isCollection === true ? `Collection(${name})` : name;
}

const primitiveOrQualified = (type: EdmType): string =>
  typeof type === 'string' ? type : qualified(type.complex);

/** Elements of arrays are never null; other values can be, but for keys. */
const property = (item: TypedName, isKey = false): string[] =>
  element('Property', {
    Name: item.name,
    Type: typeName(item),
    Nullable: isKey || item.isCollection === true ? 'false' : undefined,
  });

const complexType = ({ name, base, isAbstract, isOpen, properties }: ComplexTypeModel): string[] =>
  element(
    'ComplexType',
    {
      Name: name,
      BaseType: base === undefined ? undefined : qualified(base),
      Abstract: isAbstract === true ? 'true' : undefined,
      OpenType: isOpen === true ? 'true' : undefined,
    },
    byName(properties).flatMap((item) => property(item)),
  );

function entityType({ name, keys, properties, navigations = [] }: EntityModel, isWmi: boolean): string[] {
  return element('EntityType', { Name: name, OpenType: isWmi ? 'true' : undefined }, [
    ...element(
      'Key',
      {},
      keys.flatMap((key) => element('PropertyRef', { Name: key })),
    ),
    ...byName(properties).flatMap((item) => property(item, keys.includes(item.name))),
    ...byName(navigations).flatMap(({ name: navigation, target, isCollection }) =>
      element('NavigationProperty', {
        Name: navigation,
        Type: typeName({ type: { complex: target }, isCollection }),
      }),
    ),
  ]);
}

/** Functions say what may be left out by having two forms: CSDL 4.0 knows no optional parameters. */
function boundMethod(entity: EntityModel, method: MethodModel, isWmi: boolean): string[] {
  const needed = method.parameters.filter(({ isOptional }) => isOptional !== true);
  const hasTwo = method.kind === 'function' && needed.length < method.parameters.length;
  const forms = hasTwo ? [needed, method.parameters] : [method.parameters];
  return forms.flatMap((parameters) => methodForm(entity, { ...method, parameters }, isWmi));
}

function methodForm(entity: EntityModel, method: MethodModel, isWmi: boolean): string[] {
  const answer: MethodModel['returns'] =
    method.returns ?? (isWmi ? { type: { complex: PARAMETERS_NAME } } : undefined);
  const binding = typeName({ type: { complex: entity.name }, isCollection: method.isStatic === true });
  return element(method.kind === 'action' ? 'Action' : 'Function', { Name: method.name, IsBound: 'true' }, [
    ...element('Parameter', { Name: 'bindingParameter', Type: binding, Nullable: 'false' }),
    ...method.parameters.flatMap((parameter) =>
      element('Parameter', { Name: parameter.name, Type: typeName(parameter) }),
    ),
    ...(answer === undefined ? [] : element('ReturnType', { Type: typeName(answer) })),
  ]);
}

const entitySet = ({ name, navigations = [] }: EntityModel): string[] =>
  element(
    'EntitySet',
    { Name: name, EntityType: qualified(name) },
    byName(navigations).flatMap(({ name: navigation, target }) =>
      element('NavigationPropertyBinding', { Path: navigation, Target: target }),
    ),
  );
