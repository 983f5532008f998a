import type { Caller } from '../access/caller.js';
import { unrestricted, type Restriction } from '../access/restrict.js';
import type { Visibility } from '../access/visibility.service.js';
import type { AdminClass, ClassScope } from './class.model.js';

/** Which rows a caller sees, and of which collections these tell. */
export interface ClassRestriction extends Restriction {
  /** A condition in place of `IN_REACH`. */
  readonly counted?: string;
}

/**
 * The rows of a class that a caller reaches with a scope: those about devices that are in their collections, about
 * these collections themselves, and what is for everybody. The one place where the door restricts what is read.
 */
export async function restrictTo(
  { subject }: AdminClass,
  visibility: Visibility,
  caller: Caller,
  scope: ClassScope,
): Promise<ClassRestriction> {
  if (scope === 'any') return unrestricted;
  switch (subject.kind) {
    case 'device': {
      const devices = visibility.devices(caller, scope, subject.column);
      if (subject.counts === undefined) return devices;
      const { sql, params } = await visibility.collections(caller, scope, subject.counts);
      return { ...devices, params: { ...devices.params, ...params }, counted: sql };
    }
    case 'collection':
      return visibility.collections(caller, scope, subject.column);
    case 'member': {
      const devices = visibility.devices(caller, scope, subject.device);
      const collections = await visibility.collections(caller, scope, subject.collection);
      return {
        sql: `${devices.sql} AND ${collections.sql}`,
        params: { ...devices.params, ...collections.params },
      };
    }
    case 'everybody': {
      if (subject.counts === undefined) return unrestricted;
      const { sql, params } = await visibility.collections(caller, 'deployments:read', subject.counts);
      return { ...unrestricted, counted: sql, params };
    }
  }
}
