import { findEntity, type ComplexTypeModel, type ServiceModel, type ServiceRoute } from '@espalier/odata';
import {
  collectionClass,
  collectionClasses,
  collectionEntity,
  membersClass,
  membershipEntity,
} from './classes/collection.classes.js';
import { deviceEntity } from './classes/combined-device.classes.js';
import { deviceClasses } from './classes/device.classes.js';
import { hardwareClasses } from './classes/inventory.classes.js';
import { libraryClasses } from './classes/library.classes.js';
import { scriptClasses, scriptEntities, type OpenHead } from './classes/script.classes.js';
import { applicationEntity, operationClasses, siteClass } from './classes/site.classes.js';
import type { AdminClass } from './class.model.js';

/** One half of AdminService with what we know of its classes. */
export interface AdminService extends ServiceModel {
  readonly entities: readonly AdminClass[];
}

const collectionRules: readonly ComplexTypeModel[] = [
  {
    name: 'SMS_CollectionRule',
    isAbstract: true,
    properties: [
      { name: 'RuleName', type: 'Edm.String' },
      { name: 'QueryID', type: 'Edm.Int32' },
    ],
  },
  {
    name: 'SMS_CollectionRuleDirect',
    base: 'SMS_CollectionRule',
    properties: [
      { name: 'ResourceClassName', type: 'Edm.String' },
      { name: 'ResourceID', type: 'Edm.Int32' },
    ],
  },
  {
    name: 'SMS_CollectionRuleQuery',
    base: 'SMS_CollectionRule',
    properties: [{ name: 'QueryExpression', type: 'Edm.String' }],
  },
  {
    name: 'SMS_CollectionRuleIncludeCollection',
    base: 'SMS_CollectionRule',
    properties: [{ name: 'IncludeCollectionID', type: 'Edm.String' }],
  },
  {
    name: 'SMS_CollectionRuleExcludeCollection',
    base: 'SMS_CollectionRule',
    properties: [{ name: 'ExcludeCollectionID', type: 'Edm.String' }],
  },
];

const variable = (name: string): ComplexTypeModel => ({
  name,
  properties: [
    { name: 'Name', type: 'Edm.String' },
    { name: 'Value', type: 'Edm.String' },
    { name: 'IsMasked', type: 'Edm.Boolean' },
  ],
});

const wmiTypes: readonly ComplexTypeModel[] = [
  ...collectionRules,
  variable('SMS_MachineVariable'),
  variable('SMS_CollectionVariable'),
  {
    name: 'SMS_ScheduleToken',
    isAbstract: true,
    properties: [
      { name: 'DayDuration', type: 'Edm.Int32' },
      { name: 'HourDuration', type: 'Edm.Int32' },
      { name: 'MinuteDuration', type: 'Edm.Int32' },
      { name: 'IsGMT', type: 'Edm.Boolean' },
      { name: 'StartTime', type: 'Edm.DateTimeOffset' },
    ],
  },
  {
    name: 'SMS_ST_RecurInterval',
    base: 'SMS_ScheduleToken',
    properties: [
      { name: 'DaySpan', type: 'Edm.Int32' },
      { name: 'HourSpan', type: 'Edm.Int32' },
      { name: 'MinuteSpan', type: 'Edm.Int32' },
    ],
  },
  {
    name: 'SMS_ST_RecurWeekly',
    base: 'SMS_ScheduleToken',
    properties: [
      { name: 'Day', type: 'Edm.Int32' },
      { name: 'ForNumberOfWeeks', type: 'Edm.Int32' },
    ],
  },
];

const newerTypes: readonly ComplexTypeModel[] = [
  // Whatever properties the devices have been given.
  {
    name: 'ExtensionData',
    isOpen: true,
    properties: [
      { name: 'InstanceKey', type: 'Edm.Int32' },
      { name: 'ExtendedType', type: 'Edm.String' },
    ],
  },
  {
    name: 'SMS_ScriptParameter',
    properties: [
      { name: 'ParameterName', type: 'Edm.String' },
      { name: 'ParameterValue', type: 'Edm.String' },
    ],
  },
  { name: 'ClientOperation', properties: [{ name: 'OperationId', type: 'Edm.Int32' }] },
  // A script's own columns, or those of a CMPivot query.
  { name: 'ClientResult', isOpen: true, properties: [] },
  {
    name: 'ClientResults',
    properties: [
      { name: 'Status', type: 'Edm.Int32' },
      { name: 'Result', type: { complex: 'ClientResult' }, isCollection: true },
      { name: 'MoreResults', type: 'Edm.Boolean' },
    ],
  },
];

/**
 * Every class that the door shows.
 * @param siteCode three letters or digits
 * @param openHead opens what devices printed; default: for those who look at the classes alone
 */
export function adminServices(
  siteCode: string,
  openHead: OpenHead = () => '',
): Readonly<Record<ServiceRoute, AdminService>> {
  if (!/^[A-Z0-9]{3}$/.test(siteCode)) throw new TypeError(`No site code: ${siteCode}`);
  return {
    wmi: {
      route: 'wmi',
      complexTypes: wmiTypes,
      entities: [
        siteClass(siteCode),
        ...deviceClasses(siteCode),
        ...collectionClasses,
        ...hardwareClasses,
        ...libraryClasses(siteCode),
        ...operationClasses,
        ...scriptClasses(openHead),
      ],
    },
    'v1.0': {
      route: 'v1.0',
      complexTypes: newerTypes,
      entities: [
        deviceEntity,
        collectionEntity,
        membershipEntity,
        applicationEntity,
        ...scriptEntities(openHead),
      ],
    },
  };
}

/** A class as a path names it. */
export interface NamedClass {
  readonly entity: AdminClass;
  /** For the members of one collection: the collection, which must be there, and what its rows have in common. */
  readonly of?: { readonly owner: AdminClass; readonly key: Readonly<Record<string, string>> };
}

/**
 * The class of that name, in any case. `SMS_CM_RES_COLL_<ID>`, which every collection has as its `MemberClassName`, is in
 * no list of classes: there are as many as collections. @throws ODataError 404 where there is none
 */
export function classNamed(service: AdminService, name: string): NamedClass {
  const [, id] = service.route === 'wmi' ? (/^SMS_CM_RES_COLL_([A-Z0-9]{8})$/i.exec(name) ?? []) : [];
  if (id === undefined) return { entity: findEntity(service, name) as AdminClass };
  const key = { CollectionID: id.toUpperCase() };
  return { entity: membersClass(key.CollectionID), of: { owner: collectionClass, key } };
}
