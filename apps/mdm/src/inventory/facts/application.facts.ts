import type { InstalledApplication } from '@espalier/contracts';
import type { PlistDict } from '@espalier/plist';
import { DECLARED, dictsOf, FactReader } from './fact-reader.js';
import { fitEvent } from '../../event-size/fit-event.js';

const MOST_APPLICATIONS = 5_000;

/** What an InstalledApplicationList answer tells; undefined where it has no list. */
export function readApplications(result: PlistDict): InstalledApplication[] | undefined {
  const list = dictsOf(new FactReader(result).value('InstalledApplicationList'));
  if (list === undefined) return undefined;
  return fitEvent(
    list
      .slice(0, MOST_APPLICATIONS)
      .map(readApplication)
      .filter((application) => application.identifier !== null || application.name !== null),
  );
}

function readApplication(item: FactReader): InstalledApplication {
  return {
    identifier: item.text('Identifier'),
    name: item.text('Name'),
    version: item.text('Version', 128),
    shortVersion: item.text('ShortVersion', 128),
    bundleSize: item.count('BundleSize'),
    // The list says so of declared ones only; what a command installed is in ManagedApplicationList.
    managed: item.text('Source') === DECLARED ? true : null,
  };
}
