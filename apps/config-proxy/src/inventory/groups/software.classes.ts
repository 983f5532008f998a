import type { InstalledApplication } from '@espalier/contracts';
import { inventoryClass } from '../inventory.class.js';
import { flag, integer, text } from '../inventory.property.js';

const MEGABYTE = 1_048_576;

export const installedSoftware = inventoryClass<'applications', InstalledApplication>({
  name: 'INSTALLED_SOFTWARE',
  groupId: 20,
  title: 'Installed Software',
  source: 'applications',
  instances: (applications) => applications,
  // Without the version: an update is a change of one instance, which history shows as such.
  key: ({ identifier, name }) => identifier ?? name ?? '',
  properties: {
    ProductName: text(255, ({ name, identifier }) => name ?? identifier),
    ProductVersion: text(64, ({ shortVersion, version }) => shortVersion ?? version),
    SoftwareCode: text(255, ({ identifier }) => identifier),
    BundleVersion: text(64, ({ version }) => version),
    /** MDM does not tell it. */
    Publisher: text(255, () => null),
    /** Megabytes. */
    EstimatedSize: integer(({ bundleSize }) =>
      bundleSize === null ? null : Math.round(bundleSize / MEGABYTE),
    ),
    IsManaged: flag(({ managed }) => managed),
  },
  aliases: {
    ADD_REMOVE_PROGRAMS: {
      DisplayName: 'ProductName',
      Version: 'ProductVersion',
      Publisher: 'Publisher',
      ProdID: 'SoftwareCode',
    },
  },
});
