import { afterPrefix, ODataError, parseRequestPath } from '@espalier/odata';
import type { AuditEntry } from '../audit/audit.entry.js';

/** What the JSON API calls the objects of classes that can be written, or have methods; by class in lower case. */
const TYPES: Readonly<Record<string, string>> = {
  device: 'device',
  sms_r_system: 'device',
  sms_machinesettings: 'device',
  sms_collection: 'collection',
  sms_collectionsettings: 'collection',
  collections: 'collection',
  sms_scripts: 'script',
  application: 'application',
};

/** What a path of AdminService is about, as the audit log names it: nothing where it cannot be read. */
export function auditTargetsOf(path: string): AuditEntry['targets'] {
  try {
    const target = parseRequestPath(afterPrefix(path) ?? '');
    if (!('key' in target) || target.key.kind !== 'single') return [];
    const type = TYPES[target.entity.toLowerCase()];
    const id = String(target.key.value.value);
    if (type === undefined) return [];
    // GUIDs are upper case here, and lower case everywhere else.
    return [{ type, id: type === 'script' || type === 'application' ? id.toLowerCase() : id }];
  } catch (error) {
    if (error instanceof ODataError) return [];
    throw error;
  }
}
