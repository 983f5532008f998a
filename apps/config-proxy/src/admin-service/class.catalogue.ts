import type { ComplexTypeModel, ServiceModel, ServiceRoute } from '@espalier/odata';
import { collectionClasses, collectionEntity, membershipEntity } from './classes/collection.classes.js';
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
    properties: [
      { name: 'DayDuration', type: 'Edm.Int32' },
      { name: 'HourDuration', type: 'Edm.Int32' },
      { name: 'MinuteDuration', type: 'Edm.Int32' },
      { name: 'IsGMT', type: 'Edm.Boolean' },
      { name: 'StartTime', type: 'Edm.DateTimeOffset' },
      { name: 'DaySpan', type: 'Edm.Int32' },
      { name: 'HourSpan', type: 'Edm.Int32' },
      { name: 'MinuteSpan', type: 'Edm.Int32' },
      { name: 'Day', type: 'Edm.Int32' },
      { name: 'ForNumberOfWeeks', type: 'Edm.Int32' },
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
      complexTypes: [
        { name: 'ExtensionData', properties: [] },
        {
          name: 'SMS_ScriptParameter',
          properties: [
            { name: 'ParameterName', type: 'Edm.String' },
            { name: 'ParameterValue', type: 'Edm.String' },
          ],
        },
      ],
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
