import { inventoryClasses } from '../../inventory/inventory.catalogue.js';
import type { CatalogueClass } from '../../inventory/inventory.class.js';
import { defineClass, integer, text, time, type AdminClass } from '../class.model.js';
import { catalogued } from './device.classes.js';

/** SMS_G_System_*: every class of the inventory catalogue, and its other names. */
const classesOf = ({ name, aliases, groupId, table, single, properties }: CatalogueClass): AdminClass[] =>
  [{ name, properties }, ...aliases].map((shown) =>
    defineClass({
      name: shown.name,
      superclass: 'SMS_G_System',
      keys: single ? ['ResourceID'] : ['ResourceID', 'InstanceKey'],
      scope: 'devices:read',
      from: `{${table}} AS i`,
      subject: { kind: 'device', column: 'i.resource_id' },
      properties: [
        integer('ResourceID', 'i.resource_id'),
        integer('GroupID', String(groupId)),
        integer('RevisionID', 'i.revision_id'),
        time('TimeStamp', 'i.time_stamp'),
        ...(single ? [] : [text('InstanceKey', 'i.instance_key')]),
        ...shown.properties.map((property) => catalogued('i', property)),
      ],
    }),
  );

export const hardwareClasses: readonly AdminClass[] = inventoryClasses.flatMap(classesOf);
