import type { InstalledProfile } from '@espalier/contracts';
import type { PlistDict } from '@espalier/plist';
import { DECLARED, dictsOf, FactReader } from './fact-reader.js';
import { fitEvent } from '../../event-size/fit-event.js';

const MOST_PROFILES = 1_000;
const MOST_PAYLOADS = 200;
/** The payload that makes it the profile that enrols the device, which nobody may replace or remove. */
const ENROLLS = 'com.apple.mdm';

/** What a ProfileList answer tells; undefined where it has no list. */
export function readProfiles(result: PlistDict): InstalledProfile[] | undefined {
  const list = dictsOf(new FactReader(result).value('ProfileList'));
  if (list === undefined) return undefined;
  const profiles = list.slice(0, MOST_PROFILES).flatMap(readProfile);
  // That a profile is there counts more than what is in it.
  return fitEvent(profiles, (profile) => ({
    ...profile,
    displayName: null,
    organization: null,
    payloadTypes: profile.payloadTypes.filter((type) => type === ENROLLS),
  }));
}

function readProfile(item: FactReader): InstalledProfile[] {
  const identifier = item.text('PayloadIdentifier');
  if (identifier === null) return [];
  const types = item.dicts('PayloadContent').slice(0, MOST_PAYLOADS);
  return [
    {
      identifier,
      uuid: item.text('PayloadUUID', 64) ?? '',
      displayName: item.text('PayloadDisplayName'),
      organization: item.text('PayloadOrganization'),
      managed: isManaged(item),
      payloadTypes: types.map((payload) => payload.text('PayloadType', 128)).filter((type) => type !== null),
    },
  ];
}

/** Macs and supervised devices do not answer IsManaged; of them only what declarations brought is known. */
function isManaged(item: FactReader): boolean | null {
  return item.flag('IsManaged') ?? (item.text('Source') === DECLARED ? true : null);
}
