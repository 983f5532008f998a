import { administratorErrors, resourceErrors } from '@espalier/contracts';
import { methodResult } from '@espalier/odata';
import { z } from 'zod';
import type { Caller } from '../../access/caller.js';
import { unrestricted } from '../../access/restrict.js';
import type { UserService } from '../../users/user.service.js';
import { userClass } from '../classes/device.classes.js';
import type { ClassStore } from '../class.store.js';
import type { DoorAnswer, MethodCall, MethodHandler, WriteHandler } from '../door.js';
import { readBody } from './read-body.js';

export interface RelationshipHandlersOptions {
  readonly users: Pick<UserService, 'tie' | 'untie'>;
  readonly store: ClassStore;
}

const WRITE = 'devices:write' as const;
/** ConfigMgr's type of a relationship that makes somebody the primary user. */
const PRIMARY = 1;
const relationSchema = z.object({
  MachineResourceId: z.coerce.number().int().min(1),
  UserAccountName: z.string().min(1).max(255),
  TypeId: z.coerce.number().int().default(PRIMARY),
});

/** SMS_UserMachineRelationship: who uses which device, as an administrator says it. */
export class RelationshipHandlers {
  constructor(private readonly options: RelationshipHandlersOptions) {}

  get methods(): Readonly<Record<string, MethodHandler>> {
    return {
      'SMS_UserMachineRelationship.CreateRelationship': { scope: WRITE, run: (call) => this.#create(call) },
    };
  }

  get writes(): Readonly<Record<string, WriteHandler>> {
    return {
      SMS_UserMachineRelationship: {
        scope: WRITE,
        remove: async (row, { caller }) => {
          mustReachTheSite(caller);
          await this.options.users.untie(Number(row['ResourceID']), Number(row['UserResourceID']));
        },
      },
    };
  }

  async #create({ args, context, visitor: { caller } }: MethodCall): Promise<DoorAnswer> {
    mustReachTheSite(caller);
    const { MachineResourceId, UserAccountName, TypeId } = readBody(relationSchema, args);
    const user = await this.options.store.get(userClass, { UniqueUserName: UserAccountName }, unrestricted);
    if (user === undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: UserAccountName });
    await this.options.users.tie(
      MachineResourceId,
      Number(user['ResourceId']),
      TypeId === PRIMARY,
      caller.title,
    );
    return { status: 201, json: methodResult(context) };
  }
}

/** As the JSON API has it: users belong to no collection of devices. */
function mustReachTheSite(caller: Caller): void {
  if (caller.reach(WRITE) !== 'site')
    throw administratorErrors.ESP_AUTH_NOT_FOR_LIMITED({ detail: "Users are the whole site's." });
}
